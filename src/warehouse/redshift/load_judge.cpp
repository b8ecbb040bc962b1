// What the tables themselves refuse: references without a target.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/load_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {

Result<void> RedshiftLoadJob::judge() {
    if (!table_.references.empty() && staged_ > 0) {
        MUSTER_TRY(find_missing());
        if (missing_ > 0) {
            MUSTER_TRY(take_missing());
        }
    }
    return settle();
}

// The catalog guarantees one key column of the same type; its name is the table's first key.
Result<std::string> RedshiftLoadJob::referenced_key(const Reference& reference) {
    MUSTER_ASSIGN(auto rows, redshift_.query(pg_sql::kSchemaSelect, reference.table.str()));
    if (!rows.next()) {
        return Error{ErrorCode::kConflict,
                     "table " + reference.table.str() + " is not in the warehouse",
                     "run 'muster migrate'",
                     ""};
    }
    MUSTER_ASSIGN(const auto schema, parse_stored_schema(rows.text(0)));
    return sql::identifier(schema.key.front());
}

Result<void> RedshiftLoadJob::find_missing() {
    std::vector<std::string> keys;
    for (const Reference& reference : table_.references) {
        MUSTER_ASSIGN(std::string key, referenced_key(reference));
        keys.push_back(std::move(key));
    }
    MUSTER_TRY(redshift_.execute("DROP TABLE IF EXISTS muster_missing"));
    MUSTER_TRY(redshift_.execute(redshift::find_missing(table_, keys)));
    MUSTER_ASSIGN(missing_, redshift_.scalar("SELECT COUNT(*) FROM muster_missing"));
    return {};
}

// Into the engine's set_rejects, with the reasons; out of the staged rows.
Result<void> RedshiftLoadJob::take_missing() {
    MUSTER_TRY(
        connection_.execute("CREATE TEMP TABLE missing_found (position BIGINT, reference BIGINT)"));
    {
        MUSTER_ASSIGN(auto found, Appender::open(connection_, nullptr, "missing_found"));
        MUSTER_ASSIGN(auto rows, PgStream::open(redshift_, "SELECT * FROM muster_missing", {}));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            for (std::size_t i = 0; i < table_.references.size(); ++i) {
                if (rows.row().int64(i + 1) == 1) {
                    MUSTER_TRY(
                        found.add(rows.row().int64(0)).add(static_cast<std::int64_t>(i)).end_row());
                }
            }
        }
        MUSTER_TRY(found.close());
    }
    std::string reasons;
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        reasons += fmt::format(", CASE WHEN list_contains(m.refused, {}) THEN {} END",
                               i,
                               reference_reason(table_.references[i]));
    }
    MUSTER_ASSIGN(const auto taken,
                  connection_.change("INSERT INTO set_rejects SELECT w._position, 'error', '[' ||"
                                     " concat_ws(','" +
                                     reasons +
                                     ") || ']' FROM (SELECT position, list(reference) AS refused"
                                     " FROM missing_found GROUP BY position) m JOIN winners w ON"
                                     " w._position = m.position"));
    MUSTER_ASSIGN(const auto removed,
                  redshift_.change(redshift::delete_positions("muster_missing", "_position")));
    if (taken != missing_ || removed != missing_) {
        return Error{ErrorCode::kInternal,
                     fmt::format("table {}: {} rows have a missing reference, {} were found again",
                                 table_.name.str(),
                                 missing_,
                                 std::min(taken, removed)),
                     "nothing was changed; please report this",
                     ""};
    }
    return {};
}

}  // namespace muster
