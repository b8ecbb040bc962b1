// What the tables themselves refuse: references without a target.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/load_job.h"

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
    MUSTER_ASSIGN(auto rows, redshift_.query(sql::kSchemaSelect, reference.table.str()));
    if (!rows.next()) {
        return Error{ErrorCode::kConflict,
                     "table " + reference.table.str() + " is not in the warehouse",
                     "run 'muster migrate'",
                     ""};
    }
    MUSTER_ASSIGN(const auto schema, parse_stored_schema(rows.text(0)));
    return sql::identifier(schema.key.front());
}

// muster_missing: the positions of the refused rows, and for each reference 1 if it is at fault.
Result<void> RedshiftLoadJob::find_missing() {
    std::string flags;
    std::string joins;
    std::string any;
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        const Column& referring = *table_.find_column(reference.column);
        MUSTER_ASSIGN(const std::string key, referenced_key(reference));
        const std::string column = "s." + sql::identifier(reference.column);
        const std::string target = fmt::format("r{}.{}", i, key);
        std::string absent = fmt::format("{} IS NOT NULL AND {} IS NULL", column, target);
        joins += fmt::format(" LEFT JOIN {} r{} ON {}",
                             sql::identifier(reference.table.str()),
                             i,
                             redshift::column_equal(referring, target, column));
        if (reference.table == table_.name) {  // rows of the same load count as well
            absent += fmt::format(" AND o{}._position IS NULL", i);
            joins += fmt::format(
                " LEFT JOIN muster_stage o{} ON {}",
                i,
                redshift::column_equal(referring, fmt::format("o{}.{}", i, key), column));
        }
        flags += fmt::format(", CASE WHEN {} THEN 1 ELSE 0 END AS missing_{}", absent, i);
        any += fmt::format("{}({})", i == 0 ? "" : " OR ", absent);
    }
    MUSTER_TRY(redshift_.execute("DROP TABLE IF EXISTS muster_missing"));
    MUSTER_TRY(redshift_.execute("CREATE TEMP TABLE muster_missing AS SELECT s._position" + flags +
                                 " FROM muster_stage s" + joins + " WHERE " + any));
    MUSTER_ASSIGN(missing_, redshift_.scalar("SELECT COUNT(*) FROM muster_missing"));
    return {};
}

// Into the engine's set_rejects, with the reasons; out of the staged rows.
Result<void> RedshiftLoadJob::take_missing() {
    MUSTER_TRY(connection_.execute(
        "CREATE TEMP TABLE missing_found (position BIGINT, reference BIGINT)"));
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
                    MUSTER_TRY(found.add(rows.row().int64(0))
                                   .add(static_cast<std::int64_t>(i))
                                   .end_row());
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
                  redshift_.change("DELETE FROM muster_stage USING muster_missing"
                                   " WHERE muster_missing._position = muster_stage._position"));
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
