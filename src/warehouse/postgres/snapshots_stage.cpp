// Building a table for a restore beside the one it will replace, and comparing the two.
#include "warehouse/duckdb/archive_rows.h"
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/chunk_copy.h"
#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/postgres_table_snapshots.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/postgres/table_parts.h"
#include "warehouse/postgres/tables.h"

#include <fmt/format.h>

namespace muster {
namespace {

// ALTER TABLE of every column that may lack a value in the files and must not in the table.
Result<void> alter_not_null(PgConnection& connection,
                            const AsideTable& aside,
                            const std::vector<MappedColumn>& mapped,
                            std::string_view change) {
    for (const auto& [column, from] : mapped) {
        if (from != nullptr && from->nullable && !column->nullable) {
            MUSTER_TRY(connection.execute(fmt::format("ALTER TABLE {} ALTER COLUMN {} {} NOT NULL",
                                                      text_of(aside),
                                                      sql::identifier(column->name),
                                                      change)));
        }
    }
    return {};
}

Result<void> copy_rows(PgConnection& connection,
                       Engine& engine,
                       const Table& table,
                       const RestoreFiles& files,
                       const std::vector<MappedColumn>& mapped,
                       const AsideTable& aside) {
    const std::vector<int> scales = scales_of(table);
    MUSTER_ASSIGN(auto copy,
                  PgCopyWriter::open(connection,
                                     text_of(aside) + " (" + sql::column_list(table) + ")",
                                     table.columns.size()));
    MUSTER_TRY(read_archive_chunks(
        engine, table, files, mapped, connection.watched(), [&](const ResultChunk& chunk) {
            return add_chunk(copy, chunk, scales);
        }));
    MUSTER_TRY(copy.close());
    return {};
}

// What PostgreSQL gives back, not what it was given.
Result<FileContent> content_of(PgConnection& connection,
                               const Table& table,
                               const AsideTable& aside) {
    MUSTER_ASSIGN(auto copy,
                  PgCopyReader::open(
                      connection, "SELECT " + sql::column_list(table) + " FROM " + text_of(aside)));
    return content_of_copy(copy, table);
}

}  // namespace

Result<AsideTable> PostgresTableSnapshots::stage(const Table& table,
                                                 const RestoreFiles& files,
                                                 const RunId& run,
                                                 const CancelToken* cancel) {
    MUSTER_ASSIGN(const auto mapped, map_columns(table, files.table.columns));
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    AsideTable aside{
        .name = "_muster_restore_" + run.str(), .table = table.name, .run_id = run.str()};
    // One transaction: a table that does not fit, or whose process dies, was never there.
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease, kReadCommitted));
    MUSTER_TRY(build(*lease, table, files, mapped, aside));
    MUSTER_TRY(record_aside(*lease, aside, clock_.now_us()));
    MUSTER_TRY(transaction.commit());
    return aside;
}

Result<void> PostgresTableSnapshots::build(PgConnection& connection,
                                           const Table& table,
                                           const RestoreFiles& files,
                                           const std::vector<MappedColumn>& mapped,
                                           const AsideTable& aside) {
    const CancelToken* cancel = connection.watched();
    const std::string target = sql::identifier(table.name.str());
    MUSTER_TRY(connection.execute("CREATE TABLE " + text_of(aside) + " (LIKE " + target +
                                  " INCLUDING ALL EXCLUDING INDEXES)"));
    MUSTER_TRY(alter_not_null(connection, aside, mapped, "DROP"));
    MUSTER_TRY(copy_rows(connection, engine_, table, files, mapped, aside));
    MUSTER_TRY(check_restored_rows(restore_queries(connection), table, files, mapped, aside.name));
    MUSTER_TRY(alter_not_null(connection, aside, mapped, "SET"));
    MUSTER_ASSIGN(const FileContent built, content_of(connection, table, aside));
    MUSTER_ASSIGN(const FileContent wanted, wanted_content(engine_, table, files, mapped, cancel));
    MUSTER_TRY(check_content(built, wanted));
    // After the rows: building an index at once is far faster than row by row.
    MUSTER_ASSIGN(const auto indexes, table_indexes(connection, target));
    MUSTER_TRY(make_indexes(connection, aside.name, indexes));
    return connection.execute("ANALYZE " + text_of(aside));
}

Result<TableChanges> PostgresTableSnapshots::compare(const Table& table,
                                                     const AsideTable& staged,
                                                     const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    const std::string now = sql::identifier(table.name.str());
    const std::string then = text_of(staged);
    const std::string same_key = sql::key_equal(table, "s.", "t.");
    const auto missing = [&](const std::string& from,
                             std::string_view name,
                             const std::string& in,
                             std::string_view other) {
        return fmt::format(
            "SELECT count(*) FROM {} {} WHERE NOT EXISTS (SELECT FROM {} {}"
            " WHERE {})",
            from,
            name,
            in,
            other,
            same_key);
    };
    TableChanges changes;
    MUSTER_ASSIGN(changes.added, lease->scalar(missing(then, "s", now, "t")));
    MUSTER_ASSIGN(changes.removed, lease->scalar(missing(now, "t", then, "s")));
    MUSTER_ASSIGN(changes.changed,
                  lease->scalar(fmt::format("SELECT count(*) FROM {} s JOIN {} t ON {} WHERE {}",
                                            then,
                                            now,
                                            same_key,
                                            sql::values_differ(table, "s.", "t."))));
    return changes;
}

Result<std::vector<BrokenReference>> PostgresTableSnapshots::broken_references(
    const Catalog& catalog,
    const Table& table,
    const AsideTable& staged,
    const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    return find_broken_references(restore_queries(*lease), catalog, table, staged.name);
}

}  // namespace muster
