// rejects list, show and waive; export and replay have files of their own.
#include "cli/reject_filter.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::int64_t kListForPeople = 100;
constexpr std::size_t kShortIdBytes = 12;
constexpr std::size_t kReasonBytesShown = 80;

// One row per reason, so that no list is nested in a field.
class ReasonRows {
  public:
    explicit ReasonRows(Console& console)
        : printer_(console,
                   {text_column("id"),
                    text_column("run_id"),
                    text_column("table"),
                    text_column("object"),
                    number_column("line"),
                    number_column("offset"),
                    number_column("length"),
                    text_column("severity"),
                    text_column("state"),
                    text_column("code"),
                    text_column("column"),
                    text_column("value"),
                    text_column("message")}) {}

    void add(const RejectEntry& reject) {
        for (const ReasonText& reason : reject.reasons) {
            printer_.add({text_value(reject.id.str()),
                          text_value(reject.run_id),
                          text_value(reject.table),
                          text_value(reject.object),
                          number_value(static_cast<std::int64_t>(reject.line)),
                          number_value(static_cast<std::int64_t>(reject.offset)),
                          number_value(static_cast<std::int64_t>(reject.length)),
                          text_value(reject.severity),
                          text_value(reject.state),
                          text_value(reason.code),
                          text_or_null(reason.column),
                          text_value(reason.value),
                          text_value(reason.message)});
        }
    }
    void finish() { printer_.finish(); }

  private:
    RowPrinter printer_;
};

std::string codes_of(const RejectEntry& reject) {
    std::string codes;
    for (const ReasonText& reason : reject.reasons) {
        if (codes.find(reason.code) == std::string::npos) {
            codes += (codes.empty() ? "" : " ") + reason.code;
        }
    }
    return codes;
}

std::string short_text(const std::string& text) {
    const std::string_view cut = utf8_prefix(text, kReasonBytesShown);
    return std::string{cut} + (cut.size() < text.size() ? "..." : "");
}

Result<void> list_for_people(VerbContext& context, Warehouse& warehouse, RejectFilter filter) {
    if (!context.arguments.value("limit")) {
        filter.limit = kListForPeople;
    }
    RowPrinter printer{context.console,
                       {text_column("id"),
                        text_column("table"),
                        text_column("object:line"),
                        text_column("state"),
                        text_column("codes"),
                        text_column("first reason")}};
    MUSTER_TRY(warehouse.rejects(filter, [&](const RejectEntry& reject) -> Result<void> {
        const ReasonText first = reject.reasons.empty() ? ReasonText{} : reject.reasons[0];
        printer.add({text_value(reject.id.str().substr(0, kShortIdBytes)),
                     text_value(reject.table),
                     text_value(fmt::format("{}:{}", reject.object, reject.line)),
                     text_value(reject.state),
                     text_value(codes_of(reject)),
                     text_value(short_text(first.message))});
        return {};
    }));
    printer.finish();
    if (static_cast<std::int64_t>(printer.rows()) == filter.limit) {
        context.console.note("there may be more: --limit all");
    }
    return {};
}

Result<int> run_rejects_list(VerbContext& context) {
    MUSTER_ASSIGN(const RejectFilter filter, reject_filter(context));
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    Console& console = context.console;
    switch (console.format()) {
        case OutputFormat::kTable:
            MUSTER_TRY(list_for_people(context, *warehouse, filter));
            break;
        case OutputFormat::kJson:
            MUSTER_TRY(warehouse->rejects(filter, [&](const RejectEntry& reject) -> Result<void> {
                console.out_line(reject_json(reject));
                return {};
            }));
            break;
        case OutputFormat::kCsv: {
            ReasonRows rows{console};
            MUSTER_TRY(warehouse->rejects(filter, [&](const RejectEntry& reject) -> Result<void> {
                rows.add(reject);
                return {};
            }));
            rows.finish();
            break;
        }
    }
    return 0;
}

Result<int> run_rejects_show(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    MUSTER_ASSIGN(const RejectEntry reject, find_reject(*warehouse, context.arguments.words[0]));
    Console& console = context.console;
    if (console.json()) {
        console.out_line(reject_json(reject));
        return 0;
    }
    if (console.format() == OutputFormat::kCsv) {
        ReasonRows rows{console};
        rows.add(reject);
        rows.finish();
        return 0;
    }
    const std::vector<std::pair<std::string_view, std::string>> lines = {
        {"id", reject.id.str()},
        {"table", reject.table},
        {"place",
         fmt::format("{}:{} (offset {}, {} bytes)",
                     reject.object,
                     reject.line,
                     reject.offset,
                     reject.length)},
        {"run", reject.run_id},
        {"severity", reject.severity},
        {"state",
         reject.state_note.empty() ? reject.state
                                   : fmt::format("{} ({})", reject.state, reject.state_note)},
        {"record", valid_utf8(reject.raw) ? reject.raw : "base64 " + base64_encode(reject.raw)},
    };
    for (const auto& [name, text] : lines) {
        console.out_line(fmt::format("{:<10}{}", name, printable(text)));
    }
    console.out_line("reasons");
    for (const ReasonText& reason : reject.reasons) {
        console.out_line(printable(fmt::format("  {}  {}{}{}",
                                               reason.code,
                                               reason.column,
                                               reason.column.empty() ? "" : ": ",
                                               reason.message)));
    }
    return 0;
}

Result<int> run_rejects_waive(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    for (const std::string& word : context.arguments.words) {
        MUSTER_ASSIGN(const RejectEntry reject, find_reject(*warehouse, word));
        MUSTER_TRY(warehouse->waive_reject(reject.id, context.arguments.value_or("note", "")));
        if (context.console.json()) {
            context.console.out_line(
                JsonObject{}.text("id", reject.id.str()).text("state", "waived").str());
        } else {
            context.console.out_line("waived " + reject.id.str());
        }
    }
    return 0;
}

}  // namespace

VerbSpec rejects_list_verb() {
    return {
        .name = "rejects list",
        .summary = "refused records with their reasons",
        .example = "muster rejects list --table hired_employees --code value.missing --json",
        .options = reject_filter_options(true),
        .needs_catalog = true,
        .needs_database = always,
        .run = run_rejects_list,
    };
}

VerbSpec rejects_show_verb() {
    return {
        .name = "rejects show",
        .words = "ID",
        .summary = "one refused record in full",
        .example = "muster rejects show 0c9f1b",
        .words_min = 1,
        .words_max = 1,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_rejects_show,
    };
}

VerbSpec rejects_waive_verb() {
    return {
        .name = "rejects waive",
        .words = "ID ...",
        .summary = "marks refused records as settled without a load",
        .example = "muster rejects waive 0c9f1b --note 'test data of the sender'",
        .options = {{"note", 0, "TEXT", "why, kept with the record"}},
        .words_min = 1,
        .words_max = kAnyNumber,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_rejects_waive,
    };
}

}  // namespace muster
