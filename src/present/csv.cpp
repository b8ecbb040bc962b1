#include "present/csv.h"

namespace muster {

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string{text};
    }
    std::string out = "\"";
    for (const char c : text) {
        out += c;
        if (c == '"') {
            out += '"';
        }
    }
    return out + '"';
}

std::string csv_row(const std::vector<ResultColumn>& columns, const std::vector<Value>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        line += i == 0 ? "" : ",";
        const std::string text = value_text(columns[i].type, row[i]);
        const bool empty_text = text.empty() && std::holds_alternative<std::string>(row[i]);
        line += empty_text ? "\"\"" : csv_field(text);
    }
    return line;
}

std::string csv_header(const std::vector<ResultColumn>& columns) {
    std::string line;
    for (const ResultColumn& column : columns) {
        line += (line.empty() ? "" : ",") + csv_field(column.name);
    }
    return line;
}

}  // namespace muster
