// What the tables themselves refuse: references without a target.
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/duckdb/load_job.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

namespace muster {

namespace {

// A referenced table beyond this is probed by the batch instead of being hashed as a whole.
constexpr std::int64_t kHashedReferenceRowsMax = 100'000;

}  // namespace

Result<void> LoadJob::judge() {
    MUSTER_ASSIGN(target_rows_,
                  connection_.scalar("SELECT count(*) FROM " + sql::target(table_.name)));
    MUSTER_TRY(check_references());
    return settle();
}

// Names a relation of the referenced keys that the staged rows use.
Result<std::string> LoadJob::known_references(const Reference& reference, std::size_t index) {
    // The catalog guarantees one key column of the same type; its name is the table's first key.
    MUSTER_ASSIGN(auto rows,
                  connection_.query("SELECT schema_json ->> '$.key[0]' FROM muster.tables"
                                    " WHERE name = ?",
                                    std::string_view(reference.table.str())));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return referenced_table_missing(reference.table);
    }
    const std::string key = sql_identifier(rows.text(0));
    const std::string all = "SELECT " + key + " FROM " + sql::target(reference.table);
    MUSTER_ASSIGN(const auto count,
                  connection_.scalar("SELECT count(*) FROM " + sql::target(reference.table)));
    const std::string name = "known_" + std::to_string(index);
    if (count > kHashedReferenceRowsMax) {
        MUSTER_TRY(connection_.execute("CREATE TEMP TABLE " + name + " AS " + all + " WHERE " +
                                       key + " IN (SELECT " + sql_identifier(reference.column) +
                                       " FROM winners)"));
    } else {
        MUSTER_TRY(connection_.execute("CREATE TEMP TABLE " + name + " AS " + all));
    }
    return "(FROM " + name + ")";
}

Result<void> LoadJob::check_references() {
    std::string condition;
    std::string reasons;
    for (std::size_t i = 0; i < table_.references.size() && staged_ > 0; ++i) {
        const Reference& reference = table_.references[i];
        MUSTER_ASSIGN(const auto known, known_references(reference, i));
        const std::string column = "w." + sql_identifier(reference.column);
        const std::string absent =
            fmt::format("({0} IS NOT NULL AND {0} NOT IN {1})", column, known);
        condition += (condition.empty() ? "" : " OR ") + absent;
        reasons += ", CASE WHEN " + absent + " THEN " + reference_reason(reference) + " END";
    }
    if (!condition.empty()) {
        MUSTER_ASSIGN(missing_,
                      connection_.change("INSERT INTO set_rejects SELECT w._position, 'error', '['"
                                         " || concat_ws(','" +
                                         reasons + ") || ']' FROM winners w WHERE " + condition));
    }
    return connection_.execute(
        missing_ == 0 ? "CREATE TEMP VIEW passing AS SELECT * FROM winners"
                      : "CREATE TEMP VIEW passing AS SELECT * FROM winners ANTI JOIN set_rejects"
                        " ON winners._position = set_rejects.position");
}

}  // namespace muster
