#include "warehouse/redshift/snapshots_sql.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/redshift/dialect.h"

#include <fmt/format.h>

namespace muster::redshift {

std::string select_rows(const Table& table, const std::string& relation) {
    return "SELECT " + sql::column_list(table) + " FROM " + relation;
}

std::string select_ends(const Table& table, const std::string& relation) {
    return fmt::format("SELECT MIN({0}), MAX({0}), COUNT(*) FROM {1}",
                       sql::identifier(table.key.front()),
                       relation);
}

std::string create_aside(const Table& table, const std::string& relation) {
    return fmt::format("CREATE TABLE {} (LIKE {})", relation, sql::identifier(table.name.str()));
}

std::string fill_aside(const Table& table, const std::string& relation) {
    const std::string columns = sql::column_list(table);
    return fmt::format(
        "INSERT INTO {0} ({1}) SELECT {1} FROM {2}", relation, columns, kRestoreStage);
}

std::string drop_aside(const std::string& relation) { return "DROP TABLE IF EXISTS " + relation; }

std::string rename_table(const std::string& from, const std::string& to) {
    return fmt::format("ALTER TABLE {} RENAME TO {}", from, to);
}

std::string count_missing(const Table& table, const std::string& from, const std::string& in) {
    return fmt::format("SELECT COUNT(*) FROM {} s LEFT JOIN {} t ON {} WHERE t.{} IS NULL",
                       from,
                       in,
                       key_equal(table, "s.", "t."),
                       sql::identifier(table.key.front()));
}

std::string count_changed(const Table& table, const std::string& from, const std::string& in) {
    return fmt::format("SELECT COUNT(*) FROM {} s JOIN {} t ON {} WHERE {}",
                       from,
                       in,
                       key_equal(table, "s.", "t."),
                       values_differ(table, "s.", "t."));
}

std::string count_some(const TableName& table) {
    return fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) filled",
                       sql::identifier(table.str()));
}

std::string count_shared_keys(const Table& table) {
    return fmt::format(
        "SELECT COUNT(*) FROM (SELECT 1 FROM {} GROUP BY {} HAVING COUNT(*) > 1) shared",
        sql::identifier(table.name.str()),
        sql::column_list(table.key));
}

}  // namespace muster::redshift
