// Building a table for a restore beside the one it will replace, and comparing the two.
#include "engine/table_files.h"
#include "warehouse/duckdb/archive_rows.h"
#include "warehouse/duckdb/snappy_rows.h"
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/redshift/load_errors.h"
#include "warehouse/redshift/redshift_table_snapshots.h"
#include "warehouse/redshift/snapshots_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// What Redshift gives back, not what it was given.
Result<FileContent> content_of(PgConnection& connection,
                               const Table& table,
                               const AsideTable& aside) {
    MUSTER_ASSIGN(auto stream,
                  PgStream::open(connection, redshift::select_rows(table, text_of(aside)), {}));
    FileContent content;
    RowHasher hasher;
    for (;;) {
        MUSTER_ASSIGN(const bool more, stream.next());
        if (!more) {
            return content;
        }
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            MUSTER_ASSIGN(const Value value, stream.row().value(i, table.columns[i].type));
            add_value(hasher, value);
        }
        content.checksum.add(hasher.finish());
        ++content.rows;
    }
}

}  // namespace

Result<AsideTable> RedshiftTableSnapshots::stage(const Table& table,
                                                 const RestoreFiles& files,
                                                 const RunId& run,
                                                 const CancelToken* cancel) {
    MUSTER_ASSIGN(const auto mapped, map_columns(table, files.table.columns));
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    AsideTable aside{
        .name = "_muster_restore_" + run.str(), .table = table.name, .run_id = run.str()};
    MUSTER_TRY(lease->execute(redshift::kRestoreStageDrop));
    // One transaction: a table that does not fit, or whose process dies, was never there.
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease));
    MUSTER_TRY(build(*lease, table, files, mapped, aside, cancel));
    MUSTER_TRY(record_aside(*lease, aside, clock_.now_us()));
    MUSTER_TRY(lease->execute(redshift::kRestoreStageDrop));
    MUSTER_TRY(transaction.commit());
    return aside;
}

Result<void> RedshiftTableSnapshots::build(PgConnection& connection,
                                           const Table& table,
                                           const RestoreFiles& files,
                                           const std::vector<MappedColumn>& mapped,
                                           const AsideTable& aside,
                                           const CancelToken* cancel) {
    const std::string folder = redshift::Staging::folder("restore-" + aside.run_id);
    MUSTER_ASSIGN(auto object,
                  staging_.put(folder + "rows.parquet",
                               [&](const std::filesystem::path& path) -> Result<void> {
                                   MUSTER_ASSIGN(
                                       const auto rows,
                                       open_archive_rows(engine_, table, files, mapped, cancel));
                                   return write_snappy(engine_, table, *rows, path, cancel);
                               }));
    MUSTER_ASSIGN(const auto from,
                  staging_.put_manifest(folder + "rows.manifest", {std::move(object)}));
    MUSTER_ASSIGN(const std::string copy, redshift::copy_parquet(redshift::kRestoreStage, from));
    MUSTER_TRY(connection.execute(redshift::create_restore_stage(table, redshift::kRestoreStage)));
    if (auto copied = connection.execute(copy); !copied.ok()) {
        return redshift::explain_copy(connection, std::move(copied).error(), table.name.str());
    }
    MUSTER_TRY(check_restored_rows(
        restore_queries(connection), table, files, mapped, redshift::kRestoreStage));
    MUSTER_TRY(connection.execute(redshift::create_aside(table, text_of(aside))));
    MUSTER_TRY(connection.execute(redshift::fill_aside(table, text_of(aside))));
    MUSTER_ASSIGN(const FileContent built, content_of(connection, table, aside));
    MUSTER_ASSIGN(const FileContent wanted, wanted_content(engine_, table, files, mapped, cancel));
    MUSTER_TRY(check_content(built, wanted));
    return staging_.clear(folder);
}

Result<TableChanges> RedshiftTableSnapshots::compare(const Table& table,
                                                     const AsideTable& staged,
                                                     const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    const std::string now = sql::identifier(table.name.str());
    const std::string then = text_of(staged);
    TableChanges changes;
    MUSTER_ASSIGN(changes.added, lease->scalar(redshift::count_missing(table, then, now)));
    MUSTER_ASSIGN(changes.removed, lease->scalar(redshift::count_missing(table, now, then)));
    MUSTER_ASSIGN(changes.changed, lease->scalar(redshift::count_changed(table, then, now)));
    return changes;
}

Result<std::vector<BrokenReference>> RedshiftTableSnapshots::broken_references(
    const Catalog& catalog,
    const Table& table,
    const AsideTable& staged,
    const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    return find_broken_references(restore_queries(*lease), catalog, table, staged.name);
}

}  // namespace muster
