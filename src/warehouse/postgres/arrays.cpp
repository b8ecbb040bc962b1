#include "warehouse/postgres/arrays.h"

#include "warehouse/detail/table_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

void append_element(std::string& out, std::string_view text) {
    out += out.size() == 1 ? "\"" : ",\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    out += '"';
}

}  // namespace

std::string postgres_array(const ColumnType& type, const std::vector<const Value*>& values) {
    std::string out = "{";
    for (const Value* value : values) {
        if (std::holds_alternative<std::monostate>(*value)) {
            out += out.size() == 1 ? "NULL" : ",NULL";
        } else if (type.kind == TypeKind::kString) {
            append_element(out, std::get<std::string>(*value));
        } else {
            append_element(out, postgres_text(type, *value));
        }
    }
    return out + "}";
}

std::string postgres_array(const std::vector<std::string>& texts) {
    std::string out = "{";
    for (const std::string& text : texts) {
        append_element(out, text);
    }
    return out + "}";
}

std::string unnest_sql(const Table& table,
                       const std::vector<std::size_t>& columns,
                       std::string_view name,
                       std::size_t first) {
    std::string arrays;
    std::string names;
    for (const std::size_t at : columns) {
        const Column& column = table.columns[at];
        arrays += fmt::format(
            "{}${}::{}[]", arrays.empty() ? "" : ", ", first++, postgres_type(column.type));
        names += (names.empty() ? "" : ", ") + sql::identifier(column.name);
    }
    return fmt::format("unnest({}) AS {}({})", arrays, name, names);
}

void add_arrays(PgParams& params,
                const Table& table,
                const std::vector<const Row*>& rows,
                const std::vector<std::size_t>& columns) {
    std::vector<const Value*> values(rows.size());
    for (const std::size_t column : columns) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            values[i] = &(*rows[i])[column];
        }
        params.add(postgres_array(table.columns[column].type, values));
    }
}

}  // namespace muster
