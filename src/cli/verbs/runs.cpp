#include "cli/rows.h"
#include "cli/summary.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

#include <charconv>

namespace muster {
namespace {

constexpr std::int64_t kRunsDefault = 20;

void print_runs(Console& console, const std::vector<RunRecord>& runs) {
    RowPrinter printer{console,
                       {text_column("run_id"),
                        text_column("status"),
                        text_column("kind"),
                        text_column("trigger"),
                        text_column("started_at"),
                        {"seconds", {TypeKind::kDecimal, 18, 3}},
                        number_column("read"),
                        number_column("written"),
                        number_column("rejected"),
                        text_column("error")}};
    for (const RunRecord& run : runs) {
        LoadCounts sum;
        for (const TableOutcome& table : run.tables) {
            sum += table.counts;
        }
        printer.add({text_value(run.run_id),
                     text_value(run.status),
                     text_value(run.kind),
                     text_value(run.trigger),
                     text_value(format_timestamp_us(run.started_at_us)),
                     run.finished_at_us == 0 ? Value{}
                                             : Value{static_cast<Int128>(run_seconds(run) * 1000)},
                     number_value(sum.read),
                     number_value(sum.inserted + sum.updated),
                     number_value(sum.rejected),
                     text_or_null(run.error)});
    }
    printer.finish();
}

Result<int> run_runs_list(VerbContext& context) {
    std::int64_t limit = kRunsDefault;
    if (const auto text = context.arguments.value("limit")) {
        const char* end = text->data() + text->size();
        const auto [rest, status] = std::from_chars(text->data(), end, limit);
        if (status != std::errc{} || rest != end || limit < 1) {
            return Error{ErrorCode::kUsage,
                         fmt::format("option --limit: '{}' is no positive number", *text)};
        }
    }
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    MUSTER_ASSIGN(const auto runs, warehouse->runs(limit));
    if (!context.console.json()) {
        print_runs(context.console, runs);
        return 0;
    }
    std::string separator = "[\n";
    for (const RunRecord& run : runs) {
        context.console.out(separator + run_json(run, false));
        separator = ",\n";
    }
    context.console.out(runs.empty() ? "[]\n" : "\n]\n");
    return 0;
}

void print_run_objects(Console& console, const RunRecord& run) {
    RowPrinter printer{console,
                       {text_column("table"),
                        text_column("object"),
                        text_column("status"),
                        number_column("read"),
                        number_column("rejected"),
                        number_column("bytes"),
                        text_column("error")}};
    for (const TableOutcome& table : run.tables) {
        for (const ObjectOutcome& object : table.objects) {
            printer.add({text_value(table.table),
                         text_value(object.object),
                         text_value(object.status),
                         number_value(object.counts.read),
                         number_value(object.counts.rejected),
                         number_value(static_cast<std::int64_t>(object.bytes)),
                         text_or_null(object.error)});
        }
    }
    printer.finish();
}

Result<int> run_runs_show(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    MUSTER_ASSIGN(const RunRecord run, warehouse->run(context.arguments.words[0]));
    Console& console = context.console;
    if (console.json()) {
        console.out_line(run_json(run, true));
        return 0;
    }
    if (console.format() == OutputFormat::kCsv) {
        print_run_objects(console, run);
        return 0;
    }
    console.out_line(fmt::format(
        "{} {}: {}, by {}, started {}{}",
        run.kind == "load" ? "run" : run.kind,
        run.run_id,
        run.status,
        run.trigger,
        format_timestamp_us(run.started_at_us),
        run.finished_at_us == 0 ? "" : fmt::format(", took {:.2f} s", run_seconds(run))));
    if (!run.error.empty()) {
        console.out_line(printable("error: " + run.error));
    }
    console.out_line("");
    print_outcomes(console, run.tables);
    console.out_line("");
    print_run_objects(console, run);
    print_rejects(console, run.tables, {}, fmt::format("muster rejects list --run {}", run.run_id));
    return 0;
}

}  // namespace

VerbSpec runs_list_verb() {
    return {
        .name = "runs list",
        .summary = "the last runs, newest first",
        .example = "muster runs list --limit 5 --json",
        .options = {{"limit", 0, "N", "how many, 20 if not given"}},
        .needs_catalog = true,
        .needs_database = always,
        .run = run_runs_list,
    };
}

VerbSpec runs_show_verb() {
    return {
        .name = "runs show",
        .words = "RUN",
        .summary = "one run by table and file",
        .example = "muster runs show 20261124T181937Z-7f3a09bc",
        .words_min = 1,
        .words_max = 1,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_runs_show,
    };
}

}  // namespace muster
