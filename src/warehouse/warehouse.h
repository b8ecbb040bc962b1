// The warehouse: tables of the catalog, the ledger in schema `muster`, loading and queries. One
// implementation per database, chosen by the URL. Thread-safe: every call takes a connection of its
// own. No third-party type appears here.
#pragma once

#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"
#include "engine/engine.h"
#include "storage/object_store.h"
#include "warehouse/ledger.h"
#include "warehouse/row_tables.h"
#include "warehouse/state_store.h"
#include "warehouse/table_snapshots.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct ResultColumn {
    std::string name;
    ColumnType type;  // types without a counterpart arrive as string
};

// Rows of a query, one at a time, in memory that does not grow with their number.
class RowStream {
  public:
    virtual ~RowStream() = default;
    virtual const std::vector<ResultColumn>& columns() const = 0;
    // False at the end. `row` is reused.
    virtual Result<bool> next(std::vector<Value>& row) = 0;
};

struct QueryParam {
    std::string name;
    ColumnType type;
    Value value;
};

// One step of a schema change, in words and whether it needs `muster migrate`.
struct MigrationStep {
    std::string table;
    std::string description;  // "add column salary (int64, nullable)"
    std::string sql;
    bool automatic = false;  // safe: applied by itself before a run
    bool reload = false;     // the table's objects are loaded again
    bool possible = true;    // false: no statement can do it, the description says what to do
};

// A set of staged objects of one table and what the scan said about each, in the order of names.
struct LoadObject {
    ScanReport scan;
    ObjectInfo source;
    std::vector<std::filesystem::path> parts;  // Parquet files, readable by the engine
    std::filesystem::path rejects;             // Parquet file; empty = none
};

// Reads raw records again: offsets strictly rising, of the object with this key. Fails with
// kConflict if the object is no longer the one that was scanned.
using RawRecordReader =
    std::function<Result<void>(const std::string& object,
                               std::span<const std::uint64_t> offsets,
                               const std::function<Result<void>(const RejectedRecord&)>& found)>;

struct LoadRequest {
    RunId run;
    const Table& table;
    const std::vector<LoadObject>& objects;
    // A replay of mended records: byte offset in the (only) object -> the reject it mends. Then no
    // object version is recorded, no reject becomes `gone` and none is added: a record that is
    // refused again (by the scan, a duplicate policy or a reference) keeps its original reject open
    // with the new reasons; every other original becomes `replayed`, with the note "replayed by
    // run R".
    std::map<std::uint64_t, RejectId> replay_of;
    RawRecordReader raw_records;
    const CancelToken* cancel = nullptr;
};

class Warehouse {
  public:
    virtual ~Warehouse() = default;

    // --- schema -------------------------------------------------------------------------------
    // Brings muster's own schema to this version. Called once after opening. Where one process
    // holds the database alone, leases that it finds are those of the dead and expire here.
    virtual Result<void> prepare() = 0;
    // What separates the stored tables from the catalog; empty when nothing does.
    virtual Result<std::vector<MigrationStep>> plan_migration(const Catalog& catalog) = 0;
    // Applies the steps; kUsage with the plan if one is not automatic and `all` is false.
    virtual Result<void> migrate(const Catalog& catalog, bool all) = 0;

    // --- leases -------------------------------------------------------------------------------
    // kBusy with owner and age if another run holds it and it has not expired. Returns the run that
    // left it behind, if one did: what that run was writing is nobody's now.
    virtual Result<std::optional<RunId>> acquire_lease(const std::string& name,
                                                       const RunId& owner) = 0;
    virtual Result<void> renew_lease(const std::string& name, const RunId& owner) = 0;
    virtual Result<void> release_lease(const std::string& name, const RunId& owner) = 0;

    // --- load ---------------------------------------------------------------------------------
    // Stage, duplicates, references, reject limit, publish, balance: in one transaction under the
    // table's write gate, shared gates of the referenced tables. An outcome of
    // status `limit`: the rejects are kept, the table is untouched. Any other error: nothing
    // changed. A load that was published before with the same run and table returns its recorded
    // outcome.
    virtual Result<TableOutcome> load(const LoadRequest& request) = 0;

    // --- ledger -------------------------------------------------------------------------------
    virtual Result<void> begin_run(const RunRecord& run) = 0;
    virtual Result<void> finish_table(const RunId& run, const TableOutcome& outcome) = 0;
    virtual Result<void> finish_run(const RunRecord& run) = 0;
    // Runs that say `running` without a living lease are finished from the publications.
    virtual Result<void> reconcile() = 0;
    virtual Result<std::vector<RunRecord>> runs(std::int64_t limit) = 0;
    // kNotFound if there is none; an unambiguous prefix is enough.
    virtual Result<RunRecord> run(const std::string& run_id) = 0;
    virtual Result<std::vector<ObjectVersion>> object_versions(const TableName& table) = 0;
    // An object whose content proved unchanged: refresh its times so that the next run need not
    // read.
    virtual Result<void> touch_object(const TableName& table, const ObjectInfo& info) = 0;
    // In the order of table, object, offset.
    virtual Result<void> rejects(const RejectFilter& filter,
                                 const std::function<Result<void>(const RejectEntry&)>& found) = 0;
    virtual Result<void> waive_reject(const RejectId& id, const std::string& note) = 0;
    virtual Result<void> apply_retention(const Retention& retention) = 0;

    // --- queries ------------------------------------------------------------------------------
    // `cancel` stops the statement until the stream is gone; it must live as long. May be null.
    virtual Result<std::unique_ptr<RowStream>> report(const Report& report,
                                                      const std::vector<QueryParam>& params,
                                                      const CancelToken* cancel = nullptr) = 0;
    // One SELECT of a user: read-only, no access to files or the network.
    virtual Result<std::unique_ptr<RowStream>> query(const std::string& sql,
                                                     const CancelToken* cancel = nullptr) = 0;
    virtual Result<std::int64_t> table_version(const TableName& table) = 0;
    // Rises after every commit that changes a table of the catalog; asks no database.
    virtual std::uint64_t data_version() const = 0;
    virtual Result<std::int64_t> row_count(const TableName& table) = 0;

    // --- parts, which live as long as the warehouse ------------------------------------------
    virtual RowTables& row_tables() = 0;
    virtual StateStore& state() = 0;
    virtual TableSnapshots& snapshots() = 0;
};

enum class WarehouseKind {
    kDuckdb,    // duckdb:<path>: one process owns the file
    kPostgres,  // postgresql://...: shared by processes and machines
    kRedshift,  // redshift://... or redshift-data://...: the same, loaded from S3
    kUnknown,
};
WarehouseKind warehouse_kind(std::string_view url);
// kUsage saying which there are.
Error unknown_warehouse(const std::string& url);

struct WarehouseOptions {
    std::string url;
    std::int64_t staleness_ms = 5000;  // of data_version(), for what other processes commit
    // The rest is for Redshift.
    std::string state_url;              // of the PostgreSQL with users and tokens; "" = none
    std::string copy_role = "default";  // that COPY and UNLOAD assume: "default", or an ARN
    std::string clean_url;              // where the clean objects are
    StoreOptions store;                 // how they are reached
};

// Opens the warehouse of this URL. For DuckDB the engine was opened for its file, for others in
// memory. The engine and the clock must outlive the warehouse.
Result<std::unique_ptr<Warehouse>> open_warehouse(const WarehouseOptions& options,
                                                  Engine& engine,
                                                  const Clock& clock);

}  // namespace muster
