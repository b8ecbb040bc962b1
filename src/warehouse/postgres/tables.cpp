#include "warehouse/postgres/tables.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/rows.h"

namespace muster::pg_sql {

std::string column_type(const ColumnType& type) {
    return postgres_type(type) + (type.kind == TypeKind::kString ? " COLLATE \"C\"" : "");
}

std::string column_definition(const Table& table, const Column& column) {
    const bool may_be_null = column.nullable && !table.is_key(column.name);
    return sql::identifier(column.name) + " " + column_type(column.type) +
           (may_be_null ? "" : " NOT NULL");
}

std::string create_table(const Table& table, const std::string& relation) {
    std::string columns;
    for (const Column& column : table.columns) {
        columns += column_definition(table, column) + ", ";
    }
    return "CREATE TABLE " + relation + " (" + columns + "PRIMARY KEY (" +
           sql::column_list(table.key) + "))";
}

}  // namespace muster::pg_sql
