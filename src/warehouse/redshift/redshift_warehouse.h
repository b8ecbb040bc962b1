// The warehouse in Amazon Redshift, provisioned or serverless, over libpq. What speaks the same SQL
// as PostgreSQL is inherited; everything else is here, one source file per topic. Rows come by COPY
// from the clean objects in S3 and leave by UNLOAD. Users and tokens are not kept in Redshift,
// which enforces no unique name: state() is that of a PostgreSQL, and fails with what to configure
// if there is none. Thread-safe.
#pragma once

#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/redshift/redshift_row_tables.h"
#include "warehouse/redshift/redshift_table_snapshots.h"
#include "warehouse/redshift/staging.h"

#include <memory>
#include <string>

namespace muster {

class RedshiftWarehouse final : public PostgresWarehouse {
  public:
    // kUsage if the URL names no Redshift.
    static Result<std::unique_ptr<RedshiftWarehouse>> open(const WarehouseOptions& options,
                                                           Engine& engine,
                                                           const Clock& clock);

    Result<void> prepare() override;
    Result<std::vector<MigrationStep>> plan_migration(const Catalog& catalog) override;
    // Each table is changed in a transaction of its own: Redshift takes some changes in none, and
    // what was changed is on record.
    Result<void> migrate(const Catalog& catalog, bool all) override;

    Result<std::optional<RunId>> acquire_lease(const std::string& name,
                                               const RunId& owner) override;
    Result<void> renew_lease(const std::string& name, const RunId& owner) override;

    // A transaction that met another one is tried again as a whole; if the answer to COMMIT was
    // lost, the publications tell what became of it.
    Result<TableOutcome> load(const LoadRequest& request) override;

    // Unless the run is a backup, its caller holds the lease of runs: what killed processes left
    // in the staging folder of the clean store is removed first.
    Result<void> begin_run(const RunRecord& run) override;
    Result<void> finish_table(const RunId& run, const TableOutcome& outcome) override;
    Result<void> reconcile() override;
    Result<std::vector<RunRecord>> runs(std::int64_t limit) override;
    Result<RunRecord> run(const std::string& run_id) override;
    Result<void> rejects(const RejectFilter& filter,
                         const std::function<Result<void>(const RejectEntry&)>& found) override;

    Result<std::unique_ptr<RowStream>> report(const Report& report,
                                              const std::vector<QueryParam>& params,
                                              const CancelToken* cancel) override;
    Result<std::unique_ptr<RowStream>> query(const std::string& sql,
                                             const CancelToken* cancel) override;

    RowTables& row_tables() override { return row_tables_; }
    StateStore& state() override { return state_->state(); }
    TableSnapshots& snapshots() override { return snapshots_; }

  private:
    RedshiftWarehouse(PgOptions connection,
                      const WarehouseOptions& options,
                      Engine& engine,
                      const Clock& clock);
    Result<TableOutcome> load_once(const LoadRequest& request, std::int64_t started_ns);

    const bool has_state_;
    redshift::Staging staging_;
    RedshiftRowTables row_tables_;
    RedshiftTableSnapshots snapshots_;
    std::unique_ptr<PostgresWarehouse> state_;
};

}  // namespace muster
