// The warehouse in PostgreSQL 15 or later. The tables of the catalog are in the connection's own
// schema (the first of its search_path), muster's ledger and state in the schema `muster`. No
// process owns the database: gates are advisory locks, leases are told from the dead by their
// expiry, and what other processes commit is noticed after WarehouseOptions::staleness_ms at most.
// One source file per topic: schema, leases, ledger, load, rejects, queries.
#pragma once

#include "warehouse/postgres/data_version.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/postgres/postgres_row_tables.h"
#include "warehouse/postgres/postgres_state_store.h"
#include "warehouse/postgres/postgres_table_snapshots.h"
#include "warehouse/warehouse.h"

#include <atomic>
#include <string>

namespace muster {

class PostgresWarehouse : public Warehouse {
  public:
    PostgresWarehouse(const WarehouseOptions& options, Engine& engine, const Clock& clock);
    // For a server of the same protocol; `data_version_sql` as DataVersion takes it.
    PostgresWarehouse(PgOptions options,
                      const char* data_version_sql,
                      std::int64_t staleness_ms,
                      Engine& engine,
                      const Clock& clock);

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
    std::uint64_t data_version() const override { return data_version_.value(); }
    Result<std::int64_t> row_count(const TableName& table) override;

    RowTables& row_tables() override { return row_tables_; }
    StateStore& state() override { return state_; }
    TableSnapshots& snapshots() override { return snapshots_; }

  protected:
    Engine& engine_;
    const Clock& clock_;
    PostgresPool pool_;
    mutable DataVersion data_version_;

  private:
    PostgresRowTables row_tables_;
    PostgresTableSnapshots snapshots_;
    PostgresStateStore state_;
};

}  // namespace muster
