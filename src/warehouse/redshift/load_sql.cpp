#include "warehouse/redshift/load_sql.h"

#include "core/check.h"
#include "core/limits.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/redshift/dialect.h"

#include <fmt/format.h>

namespace muster::redshift {

std::string find_missing(const Table& table, std::span<const std::string> keys) {
    MUSTER_CHECK(keys.size() == table.references.size());
    std::string flags;
    std::string joins;
    std::string any;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const Reference& reference = table.references[i];
        const Column& referring = *table.find_column(reference.column);
        const std::string column = "s." + sql::identifier(reference.column);
        const std::string target = fmt::format("r{}.{}", i, keys[i]);
        const std::string absent = fmt::format("{} IS NOT NULL AND {} IS NULL", column, target);
        joins += fmt::format(" LEFT JOIN {} r{} ON {}",
                             sql::identifier(reference.table.str()),
                             i,
                             column_equal(referring, target, column));
        flags += fmt::format(", CASE WHEN {} THEN 1 ELSE 0 END AS missing_{}", absent, i);
        any += fmt::format("{}({})", i == 0 ? "" : " OR ", absent);
    }
    return "CREATE TEMP TABLE muster_missing AS SELECT s._position" + flags +
           " FROM muster_stage s" + joins + " WHERE " + any;
}

std::string classify(const Table& table) {
    return fmt::format(
        "SELECT m.ordinal, SUM(m.changed), COUNT(*) FROM (SELECT s._position / {} AS ordinal,"
        " CASE WHEN {} THEN 1 ELSE 0 END AS changed FROM muster_stage s JOIN {} t ON {}) m"
        " GROUP BY m.ordinal",
        std::int64_t{1} << kPositionOffsetBits,
        values_differ(table, "s.", "t."),
        sql::identifier(table.name.str()),
        key_equal(table, "t.", "s."));
}

std::string delete_changed(const Table& table) {
    const std::string target = sql::identifier(table.name.str());
    return fmt::format("DELETE FROM {} USING muster_stage WHERE {} AND {}",
                       target,
                       key_equal(table, target + ".", "muster_stage."),
                       values_differ(table, "muster_stage.", target + "."));
}

std::string insert_new(const Table& table) {
    return fmt::format(
        "INSERT INTO {0} ({1}) SELECT {2} FROM muster_stage s LEFT JOIN {0} t ON {3}"
        " WHERE t.{4} IS NULL",
        sql::identifier(table.name.str()),
        sql::column_list(table),
        sql::column_list(table, "s."),
        key_equal(table, "t.", "s."),
        sql::identifier(table.key.front()));
}

std::string delete_positions(const std::string& from, const std::string& column) {
    return fmt::format(
        "DELETE FROM muster_stage USING {0} WHERE {0}.{1} = muster_stage._position", from, column);
}

}  // namespace muster::redshift
