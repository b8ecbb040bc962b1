// Saving a table: UNLOAD from one moment, whose manifest counts the rows; then the engine writes
// what was unloaded as one Parquet file, by key, and says what it holds.
#include "engine/table_files.h"
#include "warehouse/duckdb/archive_rows.h"
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/redshift_table_snapshots.h"
#include "warehouse/redshift/snapshots_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

constexpr std::size_t kManifestBytesMax = 64U << 20;

// Local copies of what was unloaded; there as long as `keep` is.
struct Unloaded {
    std::vector<std::filesystem::path> paths;
    std::vector<LocalCopy> keep;
};

Error miscounted(const std::string& table, std::int64_t there, std::int64_t unloaded) {
    return Error{ErrorCode::kVerification,
                 fmt::format("table {} has {} rows, UNLOAD wrote {}", table, there, unloaded),
                 "run the backup again",
                 ""};
}

Result<Unloaded> fetch_unloaded(redshift::Staging& staging,
                                const std::string& folder,
                                const std::string& table,
                                std::int64_t rows) {
    Unloaded found;
    if (rows == 0) {
        return found;  // whether there is a file then is not promised
    }
    MUSTER_ASSIGN(ObjectStore * store, staging.store());
    MUSTER_ASSIGN(const std::string text,
                  read_object(*store, ObjectKey(folder + "rows_manifest"), kManifestBytesMax));
    MUSTER_ASSIGN(const auto files, redshift::parse_unload_manifest(text));
    if (files.rows != rows) {
        return miscounted(table, rows, files.rows);
    }
    const std::string root = staging.url("");
    for (const redshift::StagedObject& object : files.objects) {
        if (!object.url.starts_with(root)) {
            return Error{
                ErrorCode::kVerification,
                "the manifest of UNLOAD names " + object.url + ", which is not below " + root,
                "run the backup again",
                ""};
        }
        MUSTER_ASSIGN(auto copy, store->path_for_read(ObjectKey(object.url.substr(root.size()))));
        found.paths.push_back(copy.path);
        found.keep.push_back(std::move(copy));
    }
    return found;
}

Result<FileContent> write_sorted(Engine& engine,
                                 const Table& table,
                                 const Unloaded& unloaded,
                                 const std::filesystem::path& parquet,
                                 const CancelToken* cancel) {
    if (unloaded.paths.empty()) {
        const RowSource nothing = [](std::vector<Value>& /*row*/) -> Result<bool> { return false; };
        return write_parquet(engine, archive_table(table), nothing, parquet, cancel);
    }
    const RestoreFiles files{.table = archive_table(table),
                             .key = table.key,
                             .content = {},
                             .parquet = unloaded.paths,
                             .avro = {}};
    MUSTER_ASSIGN(const auto mapped, map_columns(table, files.table.columns));
    MUSTER_ASSIGN(const auto rows, open_archive_rows(engine, table, files, mapped, cancel));
    const RowSource next = [&rows](std::vector<Value>& row) { return rows->next(row); };
    return write_parquet(engine, archive_table(table), next, parquet, cancel);
}

}  // namespace

Result<SavedTable> RedshiftTableSnapshots::save_relation(PgConnection& connection,
                                                         const Table& table,
                                                         const std::string& relation,
                                                         const std::filesystem::path& parquet,
                                                         const CancelToken* cancel) {
    const Column& key = *table.find_column(table.key.front());
    MUSTER_ASSIGN(auto ends, connection.query(redshift::select_ends(table, relation)));
    MUSTER_CHECK(ends.next());
    SavedTable saved;
    MUSTER_ASSIGN(const Value first, ends.value(0, key.type));
    MUSTER_ASSIGN(const Value last, ends.value(1, key.type));
    saved.first_key = value_text(key.type, first);
    saved.last_key = value_text(key.type, last);
    const std::int64_t rows = ends.int64(2);
    const std::string folder = redshift::Staging::unload_folder(table.name.str(), clock_.now_us());
    MUSTER_ASSIGN(const std::string unload,
                  redshift::unload_parquet(redshift::select_rows(table, relation),
                                           {staging_.url(folder + "rows_"), staging_.role()}));
    MUSTER_TRY(connection.execute(unload));
    MUSTER_ASSIGN(const auto unloaded, fetch_unloaded(staging_, folder, table.name.str(), rows));
    MUSTER_ASSIGN(saved.content, write_sorted(engine_, table, unloaded, parquet, cancel));
    if (saved.content.rows != static_cast<std::uint64_t>(rows)) {
        return miscounted(table.name.str(), rows, static_cast<std::int64_t>(saved.content.rows));
    }
    MUSTER_TRY(staging_.clear(folder));
    return saved;
}

Result<SavedTable> RedshiftTableSnapshots::save(const Table& table,
                                                const std::filesystem::path& parquet,
                                                const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    const std::string& name = table.name.str();
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease));
    MUSTER_ASSIGN(const auto version, lease->scalar(pg_sql::kVersionSelect, name));
    MUSTER_ASSIGN(auto runs, lease->query(redshift::kLastRun, name));
    const std::string last_run = runs.next() ? std::string(runs.text(0)) : "";
    MUSTER_ASSIGN(auto saved, save_relation(*lease, table, sql::identifier(name), parquet, cancel));
    MUSTER_TRY(transaction.commit());
    saved.table_version = version;
    saved.last_run = last_run;
    return saved;
}

Result<SavedTable> RedshiftTableSnapshots::save_replaced(const Table& table,
                                                         const AsideTable& replaced,
                                                         const std::filesystem::path& parquet,
                                                         const CancelToken* cancel) {
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease));
    MUSTER_ASSIGN(auto saved, save_relation(*lease, table, text_of(replaced), parquet, cancel));
    MUSTER_TRY(transaction.commit());
    saved.table_version = replaced.table_version;
    return saved;
}

}  // namespace muster
