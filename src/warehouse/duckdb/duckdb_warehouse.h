// The warehouse in the embedded DuckDB. Every call works on a connection of its own. One source
// file per topic: schema, leases, ledger, load, rejects, queries.
#pragma once

#include "engine/detail/duckdb_handle.h"
#include "warehouse/duckdb/duckdb_row_tables.h"
#include "warehouse/duckdb/duckdb_state_store.h"
#include "warehouse/duckdb/duckdb_table_snapshots.h"
#include "warehouse/duckdb/gates.h"
#include "warehouse/warehouse.h"

#include <atomic>
#include <mutex>

namespace muster {

class DuckdbWarehouse final : public Warehouse {
  public:
    DuckdbWarehouse(Engine& engine, const Clock& clock)
        : engine_(engine),
          clock_(clock),
          row_tables_(engine, clock, gates_, data_version_, schema_epoch_),
          snapshots_(engine, clock, gates_, data_version_, schema_epoch_),
          state_(engine) {}

    Result<void> prepare() override;
    Result<std::vector<MigrationStep>> plan_migration(const Catalog& catalog) override;
    Result<void> migrate(const Catalog& catalog, bool all) override;

    Result<std::optional<RunId>> acquire_lease(const std::string& name,
                                               const RunId& owner) override;
    Result<void> renew_lease(const std::string& name, const RunId& owner) override;
    Result<void> release_lease(const std::string& name, const RunId& owner) override;

    Result<TableOutcome> load(const LoadRequest& request) override;

    Result<void> begin_run(const RunRecord& run) override;
    Result<void> finish_table(const RunId& run, const TableOutcome& outcome) override;
    Result<void> finish_run(const RunRecord& run) override;
    Result<void> reconcile() override;
    Result<std::vector<RunRecord>> runs(std::int64_t limit) override;
    Result<RunRecord> run(const std::string& run_id) override;
    Result<std::vector<ObjectVersion>> object_versions(const TableName& table) override;
    Result<void> touch_object(const TableName& table, const ObjectInfo& info) override;
    Result<void> rejects(const RejectFilter& filter,
                         const std::function<Result<void>(const RejectEntry&)>& found) override;
    Result<void> waive_reject(const RejectId& id, const std::string& note) override;
    Result<void> apply_retention(const Retention& retention) override;

    Result<std::unique_ptr<RowStream>> report(const Report& report,
                                              const std::vector<QueryParam>& params,
                                              const CancelToken* cancel) override;
    Result<std::unique_ptr<RowStream>> query(const std::string& sql,
                                             const CancelToken* cancel) override;
    Result<std::int64_t> table_version(const TableName& table) override;
    std::uint64_t data_version() const override { return data_version_.load(); }
    Result<std::int64_t> row_count(const TableName& table) override;

    RowTables& row_tables() override { return row_tables_; }
    StateStore& state() override { return state_; }
    TableSnapshots& snapshots() override { return snapshots_; }

  private:
    Result<Connection> connect() { return engine_.handle().connect(); }
    Result<std::vector<MigrationStep>> plan(Connection& connection, const Catalog& catalog);
    Result<std::vector<TableOutcome>> run_tables(Connection& connection, const std::string& run_id);
    Result<void> reconcile_run(Connection& connection,
                               const std::string& run_id,
                               const std::string& planned_json);

    Engine& engine_;
    const Clock& clock_;
    WriteGates gates_;
    std::atomic<std::uint64_t> data_version_{1};  // raised after each commit to a table
    std::atomic<std::uint64_t> schema_epoch_{1};  // rows_connections.h
    DuckdbRowTables row_tables_;
    DuckdbTableSnapshots snapshots_;
    std::mutex lease_mutex_;   // makes "look, then write" of leases one step in this process
    std::mutex schema_mutex_;  // one schema change at a time
    DuckdbStateStore state_;
};

}  // namespace muster
