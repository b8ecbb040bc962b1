#include "warehouse/detail/table_sql.h"

namespace muster::sql {

std::string identifier(std::string_view name) {
    std::string out = "\"";
    for (const char letter : name) {
        out += letter;
        if (letter == '"') {
            out += letter;
        }
    }
    return out + '"';
}

std::string column_list(const std::vector<std::string>& names, std::string_view prefix) {
    std::string out;
    for (const std::string& name : names) {
        out += out.empty() ? "" : ", ";
        out += prefix;
        out += identifier(name);
    }
    return out;
}

std::string column_list(const Table& table, std::string_view prefix) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) {
        names.push_back(column.name);
    }
    return column_list(names, prefix);
}

std::string key_equal(const Table& table, std::string_view left, std::string_view right) {
    std::string out;
    for (const std::string& name : table.key) {
        out += out.empty() ? "" : " AND ";
        out += left;
        out += identifier(name) + " = ";
        out += right;
        out += identifier(name);
    }
    return out;
}

std::string values_differ(const Table& table, std::string_view left, std::string_view right) {
    std::string out;
    for (const Column& column : table.columns) {
        if (table.is_key(column.name)) {
            continue;
        }
        out += out.empty() ? "" : " OR ";
        out += left;
        out += identifier(column.name) + " IS DISTINCT FROM ";
        out += right;
        out += identifier(column.name);
    }
    return out.empty() ? "false" : "(" + out + ")";
}

}  // namespace muster::sql
