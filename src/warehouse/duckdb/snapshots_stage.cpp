// Building a table for a restore beside the one it will replace, and comparing the two.
#include "engine/detail/parquet_source.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/duckdb/archive_rows.h"
#include "warehouse/duckdb/duckdb_table_snapshots.h"
#include "warehouse/duckdb/saved_rows.h"
#include "warehouse/duckdb/snapshots_sql.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

namespace muster {

namespace {

std::string text_of(const AsideTable& aside) { return sql::target(TableName(aside.name)); }

constexpr std::string_view kStagedText = "staged";

std::string_view kind_text(AsideTable::Kind kind) {
    return kind == AsideTable::Kind::kStaged ? kStagedText : "replaced";
}

}  // namespace

RestoreQueries restore_queries(Connection& connection) {
    return {.relation = [](const std::string& table) { return sql::target(TableName(table)); },
            .count = [&connection](const std::string& sql) -> Result<RestoreQueries::Counted> {
                MUSTER_ASSIGN(auto rows, connection.query(sql));
                MUSTER_ASSIGN(const bool found, rows.next());
                MUSTER_CHECK(found);
                return RestoreQueries::Counted{rows.int64(0), std::string(rows.text(1))};
            }};
}

Result<void> record_aside(Connection& connection, const AsideTable& aside, std::int64_t now_us) {
    MUSTER_ASSIGN(const auto added,
                  connection.change(sql::kAsideInsert,
                                    std::string_view(aside.name),
                                    kind_text(aside.kind),
                                    std::string_view(aside.table.str()),
                                    std::string_view(aside.run_id),
                                    aside.table_version,
                                    now_us));
    MUSTER_CHECK(added == 1);
    return {};
}

Result<AsideTable> DuckdbTableSnapshots::stage(const Table& table,
                                               const RestoreFiles& files,
                                               const RunId& run,
                                               const CancelToken* cancel) {
    MUSTER_ASSIGN(const auto mapped, map_columns(table, files.table.columns));
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    AsideTable aside{
        .name = "_muster_restore_" + run.str(), .table = table.name, .run_id = run.str()};
    MUSTER_TRY(build(connection, table, files, mapped, aside));
    if (auto fits = check_staged(connection, table, files, mapped, aside, cancel); !fits.ok()) {
        // What fails here is found at the next start: the table is on record.
        (void)drop(aside);
        return std::move(fits).error();
    }
    return aside;
}

Result<void> DuckdbTableSnapshots::build(Connection& connection,
                                         const Table& table,
                                         const RestoreFiles& files,
                                         const std::vector<MappedColumn>& mapped,
                                         const AsideTable& aside) {
    if (!files.parquet.empty()) {
        MUSTER_TRY(check_parquet_columns(connection, files.table, files.parquet));
    }
    SavedRows source(engine_, files);
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(connection.execute(sql::create_table(table, text_of(aside))));
    const auto filled = connection.execute("INSERT INTO " + text_of(aside) + " " +
                                           saved_rows_sql(table, source, mapped));
    if (!filled.ok()) {
        return source.error_behind(filled.error());
    }
    MUSTER_TRY(record_aside(connection, aside, clock_.now_us()));
    return transaction.commit();
}

Result<void> DuckdbTableSnapshots::check_staged(Connection& connection,
                                                const Table& table,
                                                const RestoreFiles& files,
                                                const std::vector<MappedColumn>& mapped,
                                                const AsideTable& aside,
                                                const CancelToken* cancel) {
    MUSTER_TRY(check_restored_rows(restore_queries(connection), table, files, mapped, aside.name));
    MUSTER_ASSIGN(const FileContent built, content_of(connection, table, text_of(aside)));
    MUSTER_ASSIGN(const FileContent wanted, wanted_content(engine_, table, files, mapped, cancel));
    return check_content(built, wanted);
}

Result<TableChanges> DuckdbTableSnapshots::compare(const Table& table,
                                                   const AsideTable& staged,
                                                   const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    const std::string now = sql::target(table.name) + " t";
    const std::string then = text_of(staged) + " s";
    const std::string same_key = sql::key_equal(table, "s.", "t.");
    TableChanges changes;
    MUSTER_ASSIGN(changes.added,
                  connection.scalar("SELECT count(*) FROM " + then + " ANTI JOIN " + now + " ON " +
                                    same_key));
    MUSTER_ASSIGN(changes.removed,
                  connection.scalar("SELECT count(*) FROM " + now + " ANTI JOIN " + then + " ON " +
                                    same_key));
    MUSTER_ASSIGN(changes.changed,
                  connection.scalar("SELECT count(*) FROM " + then + " JOIN " + now + " ON " +
                                    same_key + " WHERE " + sql::values_differ(table, "s.", "t.")));
    return changes;
}

// No checkpoint here, nor after the table was built: a restore makes the one that it needs, after
// the renames.
Result<void> DuckdbTableSnapshots::drop(const AsideTable& aside) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(connection.execute("DROP TABLE IF EXISTS " + text_of(aside)));
    MUSTER_ASSIGN(const auto removed,
                  connection.change(sql::kAsideDelete, std::string_view(aside.name)));
    static_cast<void>(removed);
    return transaction.commit();
}

Result<std::vector<AsideTable>> DuckdbTableSnapshots::asides() {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kAsidesSelect));
    std::vector<AsideTable> found;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return found;
        }
        AsideTable aside;
        aside.name = rows.text(0);
        aside.kind =
            rows.text(1) == kStagedText ? AsideTable::Kind::kStaged : AsideTable::Kind::kReplaced;
        aside.table = TableName(std::string(rows.text(2)));
        aside.run_id = rows.text(3);
        aside.table_version = rows.int64(4);
        found.push_back(std::move(aside));
    }
}

}  // namespace muster
