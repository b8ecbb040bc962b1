#include "warehouse/redshift/schema_dialect.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/redshift/dialect.h"

#include <fmt/format.h>

namespace muster::redshift {
namespace {

std::string alter(const Table& table) {
    return "ALTER TABLE " + sql::identifier(table.name.str()) + " ";
}

}  // namespace

std::string SchemaDialect::create_table(const Table& table) const {
    return redshift::create_table(&catalog_, table, sql::identifier(table.name.str()));
}

std::string SchemaDialect::drop_table(const TableName& table) const {
    return "DROP TABLE " + sql::identifier(table.str());
}

// Nullable at first, as no row has a value; a table without rows is built anew.
std::string SchemaDialect::add_column(const Table& table, const Column& column) const {
    const std::string added =
        alter(table) + "ADD COLUMN " + sql::identifier(column.name) + " " + column_type(column);
    return column.nullable ? added : added + "; " + rebuild(table);
}

std::string SchemaDialect::drop_column(const Table& table, const std::string& /*column*/) const {
    return rebuild(table);
}

std::string SchemaDialect::change_type(const Table& table, const Column& /*column*/) const {
    return rebuild(table);
}

std::string SchemaDialect::require_values(const Table& table, const Column& /*column*/) const {
    return rebuild(table);
}

std::string SchemaDialect::allow_nulls(const Table& table, const Column& /*column*/) const {
    return rebuild(table);
}

std::string SchemaDialect::change_key(const Table& table) const { return rebuild(table); }

std::string SchemaDialect::rebuild(const Table& table) const {
    const std::string name = sql::identifier(table.name.str());
    const std::string fresh = sql::identifier("_muster_new_" + table.name.str());
    const std::string old = sql::identifier("_muster_old_" + table.name.str());
    std::string values;
    for (const Column& column : table.columns) {
        values += fmt::format("{}CAST({} AS {})",
                              values.empty() ? "" : ", ",
                              sql::identifier(column.name),
                              column_type(column));
    }
    return fmt::format(
        "{}; INSERT INTO {} ({}) SELECT {} FROM {}; ALTER TABLE {} RENAME TO {};"
        " ALTER TABLE {} RENAME TO {}; DROP TABLE {}",
        redshift::create_table(&catalog_, table, fresh),
        fresh,
        sql::column_list(table),
        values,
        name,
        name,
        old,
        fresh,
        name,
        old);
}

}  // namespace muster::redshift
