// What goes into the temporary table, and what the tables themselves refuse: references without a
// target.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/chunk_copy.h"
#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/tables.h"

#include <fmt/format.h>

namespace muster {

Result<void> PostgresLoadJob::copy() {
    std::string columns;
    std::vector<int> scales;
    for (const Column& column : table_.columns) {
        columns += sql::identifier(column.name) + " " + pg_sql::column_type(column.type) + ", ";
        scales.push_back(column.type.scale);
    }
    scales.push_back(0);
    MUSTER_TRY(postgres_.execute("CREATE TEMP TABLE muster_stage (" + columns +
                                 "_position bigint) ON COMMIT DROP"));
    const std::string names = sql::column_list(table_) + ", _position";
    // In the order of the key the index grows at its end only.
    const std::string order = rising_ ? "" : " ORDER BY " + sql::column_list(table_.key);
    MUSTER_ASSIGN(const auto copied,
                  copy_chunks(connection_,
                              "SELECT " + names + " FROM winners" + order,
                              postgres_,
                              "pg_temp.muster_stage (" + names + ")",
                              scales));
    if (copied != staged_ - losers_) {
        return Error{ErrorCode::kInternal,
                     fmt::format("table {}: {} rows were sent, {} arrived",
                                 table_.name.str(),
                                 staged_ - losers_,
                                 copied),
                     "nothing was changed; please report this",
                     ""};
    }
    return postgres_.execute("ANALYZE pg_temp.muster_stage");
}

Result<void> PostgresLoadJob::judge() {
    MUSTER_TRY(check_references());
    return settle();
}

Result<void> PostgresLoadJob::check_references() {
    if (table_.references.empty() || staged_ == 0) {
        return {};
    }
    MUSTER_TRY(find_missing());
    return missing_ == 0 ? Result<void>() : take_missing();
}

// muster_missing: the positions of the refused rows, and for each reference whether it is at fault.
Result<void> PostgresLoadJob::find_missing() {
    std::string flags;
    std::string joins;
    std::string any;
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        MUSTER_ASSIGN(const std::string key, referenced_key(postgres_, reference));
        const std::string column = "s." + sql::identifier(reference.column);
        std::string absent = fmt::format("{} IS NOT NULL AND r{}.{} IS NULL", column, i, key);
        joins += fmt::format(" LEFT JOIN {} r{} ON r{}.{} = {}",
                             sql::identifier(reference.table.str()),
                             i,
                             i,
                             key,
                             column);
        if (reference.table == table_.name) {  // rows of the same load count as well
            absent += fmt::format(" AND o{}._position IS NULL", i);
            joins += fmt::format(
                " LEFT JOIN pg_temp.muster_stage o{} ON o{}.{} = {}", i, i, key, column);
        }
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
