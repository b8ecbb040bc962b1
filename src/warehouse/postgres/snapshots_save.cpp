// Saving a table: its rows are streamed from one snapshot through the engine into Parquet.
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/chunk_copy.h"
#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/postgres_table_snapshots.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/snapshot.h"
#include "warehouse/postgres/snapshots_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// In the connection's transaction. By key: that is the order a restore into any warehouse wants.
Result<SavedTable> save_relation(PgConnection& connection,
                                 Engine& engine,
                                 const Table& table,
                                 const std::string& relation,
                                 const std::filesystem::path& parquet,
                                 const CancelToken* cancel) {
    const Column& key = *table.find_column(table.key.front());
    MUSTER_ASSIGN(auto ends,
                  connection.query(fmt::format(
                      "SELECT min({0}), max({0}) FROM {1}", sql::identifier(key.name), relation)));
    MUSTER_CHECK(ends.next());
    SavedTable saved;
    MUSTER_ASSIGN(const Value first, ends.value(0, key.type));
    MUSTER_ASSIGN(const Value last, ends.value(1, key.type));
    saved.first_key = value_text(key.type, first);
    saved.last_key = value_text(key.type, last);
    MUSTER_ASSIGN(auto copy,
                  PgCopyReader::open(connection,
                                     fmt::format("SELECT {} FROM {} ORDER BY {}",
                                                 sql::column_list(table),
                                                 relation,
                                                 sql::column_list(table.key))));
    MUSTER_ASSIGN(saved.content,
                  write_parquet_chunks(
                      engine, archive_table(table), chunks_of_copy(copy, table), parquet, cancel));
    return saved;
}

}  // namespace

Result<SavedTable> PostgresTableSnapshots::save(const Table& table,
                                                const std::filesystem::path& parquet,
                                                const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    const std::string& name = table.name.str();
    MUSTER_ASSIGN(auto transaction, open_snapshot(*lease, name));
    MUSTER_ASSIGN(const auto version, lease->scalar(pg_sql::kVersionSelect, name));
    MUSTER_ASSIGN(auto runs, lease->query(pg_sql::kLastRun, name));
    const std::string last_run = runs.next() ? std::string(runs.text(0)) : "";
    MUSTER_ASSIGN(auto saved,
                  save_relation(*lease, engine_, table, sql::identifier(name), parquet, cancel));
    MUSTER_TRY(transaction.commit());
    saved.table_version = version;
    saved.last_run = last_run;
    return saved;
}

Result<SavedTable> PostgresTableSnapshots::save_replaced(const Table& table,
                                                         const AsideTable& replaced,
                                                         const std::filesystem::path& parquet,
                                                         const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    MUSTER_ASSIGN(auto transaction, open_snapshot(*lease, replaced.name));
    MUSTER_ASSIGN(auto saved,
                  save_relation(*lease, engine_, table, text_of(replaced), parquet, cancel));
    MUSTER_TRY(transaction.commit());
    saved.table_version = replaced.table_version;
    return saved;
}

}  // namespace muster
