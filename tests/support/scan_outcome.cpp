#include "support/scan_outcome.h"

#include "core/error.h"
#include "types/type.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace muster {
namespace {

Value value_at(const ColumnData& column, std::size_t row) {
    switch (column.type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kDate:
            return std::int64_t{column.as<std::int32_t>()[row]};
        case TypeKind::kInt64:
        case TypeKind::kTimestamp:
            return column.as<std::int64_t>()[row];
        case TypeKind::kDecimal:
            return column.width_bytes == sizeof(Int128) ? column.as<Int128>()[row]
                                                        : Int128{column.as<std::int64_t>()[row]};
        case TypeKind::kDouble:
            return column.as<double>()[row];
        case TypeKind::kBool:
            return column.as<std::uint8_t>()[row] != 0;
        case TypeKind::kString: {
            const StringRef& text = column.as<StringRef>()[row];
            return std::string(text.data, text.bytes);
        }
    }
    return {};
}

void append_rows(const ScanBlock& block, bool refused, std::vector<RowOutcome>& rows) {
    for (std::size_t row = 0; row < block.rows; ++row) {
        RowOutcome out;
        out.offset = block.offsets[row];
        out.refused = refused && block.refused[row] != 0;
        for (const ColumnData& column : block.columns) {
            const bool valid = column.valid[row] != 0;
            MUSTER_CHECK(valid || column.has_null);
            out.values.push_back(valid ? value_text(column.type, value_at(column, row))
                                       : std::string("<null>"));
        }
        rows.push_back(std::move(out));
    }
}

RejectOutcome reject_outcome(const RejectedRecord& record) {
    RejectOutcome out;
    out.line = record.line;
    out.offset = record.offset;
    out.length = record.length;
    out.raw = record.raw;
    out.hash = raw_hash_text(record.raw_hash);
    out.decoded = record.decoded;
    for (const Reason& reason : record.reasons) {
        out.codes.emplace_back(reject_code_text(reason.code));
        out.messages.push_back(reason.message);
        out.columns.push_back(reason.column);
    }
    return out;
}

}  // namespace

ScanOutcome scan_outcome(const Table& table, ObjectReader& reader, const OutcomeOptions& options) {
    ScanOutcome outcome;
    ScanOptions scan_options;
    scan_options.block_bytes = options.block_bytes;
    scan_options.keep_rows = options.keep_rows;
    scan_options.emit_decoded_rejects = options.emit_decoded_rejects;
    const auto sink = [&](const RejectedRecord& record) -> Result<void> {
        outcome.rejects.push_back(reject_outcome(record));
        return {};
    };
    auto opened = Scan::open(table, reader, sink, scan_options);
    if (!opened.ok()) {
        outcome.error = error_code_name(opened.error().code);
        return outcome;
    }
    Scan& scan = **opened;
    std::mutex mutex;
    const auto work = [&] {
        ScanBlock block;
        for (;;) {
            auto more = scan.next_block(block);
            const std::lock_guard lock(mutex);
            if (!more.ok()) {
                outcome.error = error_code_name(more.error().code);
                return;
            }
            if (!*more) {
                return;
            }
            append_rows(block, options.emit_decoded_rejects, outcome.rows);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < options.threads; ++i) {
            threads.emplace_back(work);
        }
    }
    std::stable_sort(outcome.rows.begin(), outcome.rows.end(), [](const auto& a, const auto& b) {
        return a.offset < b.offset;
    });
    if (scan.problem().has_value()) {
        outcome.problem = reject_code_text(scan.problem()->code);
        outcome.problem_message = scan.problem()->message;
    } else if (outcome.error.empty()) {
        outcome.counts = scan.counts();
    }
    return outcome;
}

ScanOutcome scan_outcome(const Table& table, std::string_view text, const OutcomeOptions& options) {
    MemoryObject object{std::string(text)};
    return scan_outcome(table, object, options);
}

Table test_table(std::vector<Column> columns) {
    Table table;
    table.name = TableName("things");
    table.columns = std::move(columns);
    return table;
}

Column test_column(std::string name, ColumnType type, bool nullable) {
    Column column;
    column.name = std::move(name);
    column.type = type;
    column.nullable = nullable;
    return column;
}

Table text_table(std::size_t count) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < count; ++i) {
        columns.push_back(test_column("c" + std::to_string(i), {TypeKind::kString}, true));
    }
    return test_table(std::move(columns));
}

}  // namespace muster
