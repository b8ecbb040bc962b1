// What goes into the temporary table, and what the tables themselves refuse: references without a
// target.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/tables.h"

#include <fmt/format.h>

namespace muster {

Result<void> PostgresLoadJob::copy() { return direct_ ? Result<void>() : stage_rows(); }

Result<void> PostgresLoadJob::stage_rows() {
    direct_ = false;
    if (copied_) {
        return {};
    }
    std::string columns;
    for (const Column& column : table_.columns) {
        columns += sql::identifier(column.name) + " " + pg_sql::column_type(column.type) + ", ";
    }
    MUSTER_TRY(postgres_.execute("CREATE TEMP TABLE muster_stage (" + columns +
                                 "_position bigint) ON COMMIT DROP"));
    MUSTER_ASSIGN(const auto sent, send_winners(kStagedRows, true));
    static_cast<void>(sent);
    copied_ = true;
    return {};
}

// Before the first join.
Result<void> PostgresLoadJob::analyze_stage() {
    if (analyzed_) {
        return {};
    }
    MUSTER_TRY(postgres_.execute("ANALYZE pg_temp.muster_stage"));
    analyzed_ = true;
    return {};
}

Result<void> PostgresLoadJob::judge() {
    if (direct_) {
        MUSTER_ASSIGN(direct_, target_empty());
    }
    MUSTER_TRY(check_references());
    if (!direct_) {
        MUSTER_TRY(stage_rows());
    }
    return settle();
}

Result<void> PostgresLoadJob::check_references() {
    if (table_.references.empty() || staged_ == 0) {
        return {};
    }
    MUSTER_ASSIGN(const bool hold, references_hold_by_values());
    if (hold) {
        return {};
    }
    MUSTER_TRY(stage_rows());
    MUSTER_TRY(find_missing());
    return missing_ == 0 ? Result<void>() : take_missing();
}

// muster_missing: the positions of the refused rows, and for each reference whether it is at fault.
Result<void> PostgresLoadJob::find_missing() {
    MUSTER_TRY(analyze_stage());
    std::string flags;
    std::string joins;
    std::string any;
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        MUSTER_ASSIGN(const std::string key, referenced_key(postgres_, reference));
        const std::string column = "s." + sql::identifier(reference.column);
        const std::string absent = fmt::format("{} IS NOT NULL AND r{}.{} IS NULL", column, i, key);
        joins += fmt::format(" LEFT JOIN {} r{} ON r{}.{} = {}",
                             sql::identifier(reference.table.str()),
                             i,
                             i,
                             key,
                             column);
        flags += fmt::format(", ({}) AS missing_{}", absent, i);
        any += fmt::format("{}missing_{}", i == 0 ? "" : " OR ", i);
    }
    MUSTER_ASSIGN(
        missing_,
        postgres_.change("CREATE TEMP TABLE muster_missing ON COMMIT DROP AS SELECT *"
                         " FROM (SELECT s._position" +
                         flags + " FROM pg_temp.muster_stage s" + joins + ") m WHERE " + any));
    return {};
}

// Into the engine's set_rejects, with the reasons; out of the staged rows.
Result<void> PostgresLoadJob::take_missing() {
    {
        MUSTER_ASSIGN(auto found, open_missing());
        MUSTER_ASSIGN(auto rows,
                      PgCopyReader::open(postgres_, "SELECT * FROM pg_temp.muster_missing"));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            for (std::size_t i = 0; i < table_.references.size(); ++i) {
                if (rows.boolean(i + 1)) {
                    MUSTER_TRY(
                        found.add(rows.int64(0)).add(static_cast<std::int64_t>(i)).end_row());
                }
            }
        }
        MUSTER_TRY(found.close());
    }
    MUSTER_ASSIGN(const auto taken, refuse_missing());
    MUSTER_ASSIGN(const auto removed,
                  postgres_.change("DELETE FROM pg_temp.muster_stage s USING"
                                   " pg_temp.muster_missing m WHERE m._position = s._position"));
    return check_missing(taken, removed);
}

}  // namespace muster
