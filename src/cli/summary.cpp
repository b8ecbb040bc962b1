#include "cli/summary.h"

#include "cli/rows.h"
#include "core/limits.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {

void ExampleCollector::add(const RejectEntry& reject) {
    bool wanted = false;
    for (const ReasonText& reason : reject.reasons) {
        wanted |= ++seen_[reason.code] <= kRejectExamplesPerCode;
    }
    if (wanted) {
        examples_.push_back(reject);
    }
}

std::string reason_line(const RejectEntry& reject, const ReasonText& reason) {
    // Most messages begin with the column's name, which is not said twice.
    std::string_view message = reason.message;
    if (!reason.column.empty() && message.starts_with(reason.column + " ")) {
        message.remove_prefix(reason.column.size() + 1);
    }
    return printable(fmt::format("{}:{}: {}{}{}",
                                 reject.object,
                                 reject.line,
                                 reason.column,
                                 reason.column.empty() ? "" : ": ",
                                 message));
}

void print_outcomes(Console& console, const std::vector<TableOutcome>& tables) {
    std::vector<ResultColumn> columns = {text_column("table")};
    for (const char* name : {"read",
                             "inserted",
                             "updated",
                             "unchanged",
                             "deduplicated",
                             "rejected",
                             "loaded",
                             "skipped",
                             "failed"}) {
        columns.push_back(number_column(name));
    }
    columns.push_back({"seconds", {TypeKind::kDecimal, 18, 3}});
    columns.push_back(number_column("rows/s"));
    RowPrinter printer{console, std::move(columns)};
    for (const TableOutcome& table : tables) {
        const auto files = [&table](std::string_view status) {
            return Value{static_cast<std::int64_t>(
                std::count_if(table.objects.begin(), table.objects.end(), [status](const auto& o) {
                    return o.status == status;
                }))};
        };
        const LoadCounts& counts = table.counts;
        const double speed =
            table.seconds > 0 ? static_cast<double>(counts.read) / table.seconds : 0;
        printer.add({text_value(table.table),
                     number_value(counts.read),
                     number_value(counts.inserted),
                     number_value(counts.updated),
                     number_value(counts.unchanged),
                     number_value(counts.deduplicated),
                     number_value(counts.rejected),
                     files("loaded"),
                     files("skipped"),
                     files("failed"),
                     Value{static_cast<Int128>(table.seconds * 1000)},
                     number_value(static_cast<std::int64_t>(speed))});
    }
    printer.finish();
}

void print_rejects(Console& console,
                   const std::vector<TableOutcome>& tables,
                   const std::vector<RejectEntry>& examples,
                   const std::string& command_for_rest) {
    const std::map<std::string, std::uint64_t> counts = record_codes(tables);
    if (counts.empty()) {
        return;
    }
    console.out_line("\nRejects by code");
    for (const auto& [code, count] : counts) {
        console.out_line(fmt::format("  {}  {}", code, count));
        std::size_t shown = 0;
        for (const RejectEntry& reject : examples) {
            for (const ReasonText& reason : reject.reasons) {
                if (reason.code == code && shown < kRejectExamplesPerCode) {
                    console.out_line("    " + reason_line(reject, reason));
                    ++shown;
                }
            }
        }
    }
    console.out_line(fmt::format("All of them: {}", command_for_rest));
}

std::int64_t rejected_records(const std::vector<TableOutcome>& tables) {
    std::int64_t sum = 0;
    for (const TableOutcome& table : tables) {
        sum += table.counts.rejected;
    }
    return sum;
}

}  // namespace muster
