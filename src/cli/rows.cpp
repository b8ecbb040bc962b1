#include "cli/rows.h"

#include "core/text.h"
#include "present/csv.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::size_t kRowsForWidths = 500;

bool is_number(const ColumnType& type) {
    return type.kind == TypeKind::kInt32 || type.kind == TypeKind::kInt64 ||
           type.kind == TypeKind::kDecimal || type.kind == TypeKind::kDouble;
}

}  // namespace

Value text_or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

RowPrinter::RowPrinter(Console& console, std::vector<ResultColumn> columns)
    : console_(console), columns_(std::move(columns)) {
    if (console_.format() == OutputFormat::kCsv) {
        console_.out_line(csv_header(columns_));
    } else if (console_.format() == OutputFormat::kTable) {
        for (const ResultColumn& column : columns_) {
            widths_.push_back(display_width(column.name));
        }
    }
}

void RowPrinter::add(const std::vector<Value>& row) {
    switch (console_.format()) {
        case OutputFormat::kCsv:
            add_csv(row);
            break;
        case OutputFormat::kJson:
            add_json(row);
            break;
        case OutputFormat::kTable:
            add_table(row);
            break;
    }
    ++rows_;
}

void RowPrinter::add_csv(const std::vector<Value>& row) {
    console_.out_line(csv_row(columns_, row));
}

void RowPrinter::add_json(const std::vector<Value>& row) {
    JsonObject record;
    for (std::size_t i = 0; i < row.size(); ++i) {
        record.raw(columns_[i].name, json_value(columns_[i].type, row[i]));
    }
    console_.out(rows_ == 0 ? "[\n" : ",\n");
    console_.out(record.str());
}

void RowPrinter::add_table(const std::vector<Value>& row) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
        cells.push_back(printable(value_text(columns_[i].type, row[i])));
    }
    if (widths_fixed_) {
        print_table_line(cells);
        return;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
        widths_[i] = std::max(widths_[i], display_width(cells[i]));
    }
    waiting_.push_back(std::move(cells));
    if (waiting_.size() >= kRowsForWidths) {
        print_waiting();
    }
}

void RowPrinter::print_waiting() {
    widths_fixed_ = true;
    std::vector<std::string> head;
    std::vector<std::string> rule;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        head.push_back(columns_[i].name);
        rule.emplace_back(widths_[i], '-');
    }
    print_table_line(head);
    print_table_line(rule);
    for (const auto& cells : waiting_) {
        print_table_line(cells);
    }
    waiting_.clear();
}

void RowPrinter::print_table_line(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t width = display_width(cells[i]);
        const std::string padding(widths_[i] > width ? widths_[i] - width : 0, ' ');
        line += i == 0 ? "" : "  ";
        line += is_number(columns_[i].type) ? padding + cells[i] : cells[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    console_.out_line(line);
}

void RowPrinter::finish() {
    if (console_.format() == OutputFormat::kJson) {
        console_.out(rows_ == 0 ? "[]\n" : "\n]\n");
    } else if (console_.format() == OutputFormat::kTable && !widths_fixed_) {
        print_waiting();
    }
}

Result<std::size_t> print_stream(Console& console, RowStream& stream, const CancelToken& cancel) {
    RowPrinter printer{console, stream.columns()};
    std::vector<Value> row;
    while (true) {
        if (cancel.cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped on request"};
        }
        MUSTER_ASSIGN(const bool more, stream.next(row));
        if (!more) {
            break;
        }
        printer.add(row);
    }
    printer.finish();
    return printer.rows();
}

}  // namespace muster
