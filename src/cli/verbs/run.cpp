#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/run_setup.h"
#include "cli/select.h"
#include "cli/summary.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr int kRejectsExitCode = 3;

// What a dry run would do with each object, or why a run had nothing to do.
void print_objects(Console& console, const std::vector<TableOutcome>& tables) {
    RowPrinter printer{console,
                       {text_column("table"),
                        text_column("object"),
                        text_column("status"),
                        number_column("bytes"),
                        text_column("why")}};
    for (const TableOutcome& table : tables) {
        if (table.objects.empty()) {
            printer.add({text_value(table.table),
                         Value{},
                         text_value(table.status),
                         number_value(0),
                         text_or_null(table.error)});
        }
        for (const ObjectOutcome& object : table.objects) {
            printer.add({text_value(table.table),
                         text_value(object.object),
                         text_value(object.status),
                         number_value(static_cast<std::int64_t>(object.bytes)),
                         text_or_null(object.error)});
        }
    }
    printer.finish();
}

// Says why, if the run found nothing to load.
void explain_nothing(VerbContext& context, const RunReport& report) {
    std::size_t objects = 0;
    std::size_t skipped = 0;
    for (const TableOutcome& table : report.run.tables) {
        objects += table.objects.size();
        skipped += static_cast<std::size_t>(
            std::count_if(table.objects.begin(), table.objects.end(), [](const auto& object) {
                return object.status == "skipped";
            }));
    }
    if (objects == 0) {
        context.console.note(fmt::format("nothing to load: no file in {} matches {}",
                                         mask_secrets(context.catalog->source_url),
                                         "the patterns of the tables"));
        for (const TableOutcome& outcome : report.run.tables) {
            if (const Table* table = context.catalog->find_table(outcome.table)) {
                context.console.note(fmt::format("  {}: {}", outcome.table, table->files));
            }
        }
    } else if (skipped == objects) {
        context.console.note(
            fmt::format("nothing to load: {} file(s) unchanged since they were loaded; --force "
                        "loads them again",
                        skipped));
    }
}

// Tables that failed beside the one whose error ends the run. Refused objects had their warning.
void explain_failures(Console& console, const RunReport& report) {
    for (const TableOutcome& table : report.run.tables) {
        const bool told = report.error && report.error->message == table.error;
        if (!table.error.empty() && !told && table.status != "loaded" &&
            table.status != "unchanged") {
            console.note(
                printable(fmt::format("{}: {}: {}", table.table, table.status, table.error)));
        }
    }
}

// The error lines of JSON Lines: one per refused object, or the error of the run.
void print_json_errors(Console& console, const RunReport& report, const Result<int>& code) {
    bool told = false;
    for (const TableOutcome& table : report.run.tables) {
        for (const ObjectOutcome& object : table.objects) {
            if (object.code.empty()) {
                continue;
            }
            console.out_line(
                object_error_json(object.code, table.table, object.object, object.error));
            told = told || !code.ok();
        }
    }
    if (told) {
        console.error_text(code.error());
    } else if (!code.ok()) {
        console.error(code.error());
    }
}

void print_report(VerbContext& context, const RunReport& report, bool dry_run) {
    Console& console = context.console;
    if (dry_run) {
        console.json() ? console.out_line(summary_json(report.run, report.seconds))
                       : print_objects(console, report.run.tables);
        return;
    }
    if (console.json()) {
        return;
    }
    print_outcomes(console, report.run.tables);
    if (console.format() == OutputFormat::kCsv) {
        return;
    }
    print_rejects(console,
                  report.run.tables,
                  report.examples,
                  fmt::format("muster rejects list --run {}", report.run.run_id));
    console.out_line(fmt::format(
        "\nrun {}: {} in {:.2f} s", report.run.run_id, report.run.status, report.seconds));
}

Result<int> end_code(VerbContext& context, const RunReport& report) {
    if (report.error) {
        Error error = *report.error;
        if (error.code == ErrorCode::kCancelled) {
            error.message =
                fmt::format("run {} was stopped; what was open is rolled back", report.run.run_id);
            error.hint = fmt::format("go on with `muster run --resume {}`", report.run.run_id);
        } else if (error.hint.empty()) {
            error.hint = fmt::format("`muster runs show {}` tells more", report.run.run_id);
        }
        return error;
    }
    if (report.run.status == "partial" || report.run.status == "failed") {
        return Error{ErrorCode::kIo,
                     fmt::format("run {} ended {}", report.run.run_id, report.run.status),
                     fmt::format("`muster runs show {}` tells more", report.run.run_id)};
    }
    const bool rejects = rejected_records(report.run.tables) > 0;
    return rejects && context.arguments.flag("fail-on-rejects") ? kRejectsExitCode : 0;
}

Result<int> run_run(VerbContext& context) {
    RunOptions options{
        .dry_run = context.arguments.flag("dry-run"),
        .force = context.arguments.flag("force"),
    };
    for (const std::string& word : context.arguments.words) {
        MUSTER_ASSIGN(const Table* table, select_table(*context.catalog, word));
        options.tables.push_back(table->name);
    }
    MUSTER_ASSIGN(RunSetup setup, RunSetup::open(context));
    if (const auto resume = context.arguments.value("resume")) {
        MUSTER_ASSIGN(const RunRecord resumed, setup.warehouse->run(*resume));
        options.resume = RunId{resumed.run_id};
    }
    ProgressMeter meter{context.console, context.clock};
    const RunContext run_context = setup.run_context(context);
    const Result<RunReport> report = run_pipeline(run_context, options, meter);
    meter.finish();
    if (!report.ok()) {
        return report.error();
    }
    print_report(context, *report, options.dry_run);
    if (!options.dry_run && !report->error) {
        explain_nothing(context, *report);
    }
    explain_failures(context.console, *report);
    Result<int> code = end_code(context, *report);
    if (context.console.json() && !options.dry_run) {
        // The summary stays the last line, after those of errors.
        print_json_errors(context.console, *report, code);
        context.console.out_line(summary_json(report->run, report->seconds));
        return code.ok() ? *code : exit_code(code.error().code);
    }
    return code;
}

}  // namespace

VerbSpec run_verb() {
    return {
        .name = "run",
        .words = "[TABLE ...]",
        .summary = "loads new and changed files",
        .example = "muster run hired_employees --fail-on-rejects",
        .options = {{"dry-run", 0, "", "only says which files would be loaded"},
                    {"force", 0, "", "loads unchanged files again"},
                    {"resume", 0, "RUN", "goes on with a run that did not finish"},
                    {"fail-on-rejects", 0, "", "exit code 3 if a record was rejected"}},
        .words_max = kAnyNumber,
        .completes = Words::kTables,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_run,
    };
}

}  // namespace muster
