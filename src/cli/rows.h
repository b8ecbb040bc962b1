// Rows in the form that was asked for: aligned for people, RFC 4180 with a header line, or one JSON
// array with a record per line. Memory does not grow with the number of rows.
#pragma once

#include "cli/console.h"
#include "core/text.h"
#include "types/type.h"
#include "warehouse/warehouse.h"

#include <cstddef>
#include <string>
#include <vector>

namespace muster {

class RowPrinter {
  public:
    RowPrinter(Console& console, std::vector<ResultColumn> columns);
    void add(const std::vector<Value>& row);
    void finish();
    std::size_t rows() const { return rows_; }

  private:
    void add_csv(const std::vector<Value>& row);
    void add_json(const std::vector<Value>& row);
    void add_table(const std::vector<Value>& row);
    void print_waiting();
    void print_table_line(const std::vector<std::string>& cells);

    Console& console_;
    const std::vector<ResultColumn> columns_;
    std::size_t rows_ = 0;
    std::vector<std::vector<std::string>> waiting_;  // the first rows, which decide the widths
    std::vector<std::size_t> widths_;
    bool widths_fixed_ = false;
};

// Prints all rows of a stream; kCancelled if asked to stop.
Result<std::size_t> print_stream(Console& console, RowStream& stream, const CancelToken& cancel);

// For lists of a verb's own.
inline ResultColumn text_column(std::string name) {
    return {std::move(name), {TypeKind::kString, 0, 0}};
}
inline ResultColumn number_column(std::string name) {
    return {std::move(name), {TypeKind::kInt64, 0, 0}};
}
inline Value number_value(std::int64_t number) { return Value{number}; }
inline Value text_value(std::string text) { return Value{std::move(text)}; }
// "" as NULL.
Value text_or_null(const std::string& text);

// Columns on the screen, counting one for each character.
std::size_t display_width(std::string_view text);

}  // namespace muster
