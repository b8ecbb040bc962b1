// Runs and their tables.
#include "warehouse/detail/lease_time.h"
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/lease_holder.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/publications.h"
#include "warehouse/redshift/redshift_warehouse.h"

#include <set>

namespace muster {
namespace {

constexpr std::int64_t kDoctorUs = 3600LL * 1'000'000;

Result<std::vector<RunRecord>> find_runs(PgConnection& connection,
                                         const std::string& condition,
                                         const PgParams& params) {
    MUSTER_ASSIGN(auto rows, connection.run(ledger_sql::kRunsSelect + condition, params));
    std::vector<RunRecord> found = read_runs(rows);
    for (RunRecord& run : found) {
        MUSTER_ASSIGN(auto tables, connection.query(redshift::kRunTables, run.run_id));
        MUSTER_ASSIGN(run.tables, redshift::read_outcomes(std::move(tables)));
    }
    return found;
}

Result<void> reconcile_run(PgConnection& connection,
                           const std::string& run_id,
                           const std::string& planned_json,
                           std::int64_t now_us) {
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
    MUSTER_TRY(connection.execute(redshift::kRunsLock));
    MUSTER_ASSIGN(auto status, connection.query(redshift::kRunStatus, run_id));
    if (!status.next() || status.text(0) != "running") {
        return {};  // another process was faster
    }
    MUSTER_ASSIGN(auto rows, connection.query(redshift::kPublishedOutcomes, run_id));
    MUSTER_ASSIGN(const auto outcomes, redshift::read_outcomes(std::move(rows)));
    std::set<std::string> published;
    for (const TableOutcome& outcome : outcomes) {
        published.insert(outcome.table);
        MUSTER_TRY(redshift::put_outcome(connection, run_id, outcome, now_us));
    }
    const LostRunEnd end = end_of_lost_run(planned_json, published);
    MUSTER_TRY(connection.change(ledger_sql::kRunFinish, end.status, end.error, now_us, run_id));
    return transaction.commit();
}

// What killed processes left beside the clean objects. The caller holds the lease of runs, so that
// no load and no restore is at work; while a backup may be, what UNLOAD wrote is left to the next
// run. Doctor, which holds no lease, gets an hour. A folder that is made after the list was is not
// on it.
Result<void> remove_leftovers(PostgresPool& pool, redshift::Staging& staging, std::int64_t now_us) {
    MUSTER_ASSIGN(const auto folders, staging.folders());
    if (folders.empty()) {
        return {};
    }
    MUSTER_ASSIGN(const auto others, attempt(pool, [](PgConnection& connection) {
                      return connection.scalar(redshift::kOtherLeases, std::string(kRunLease));
                  }));
    for (const redshift::Staging::Folder& folder : folders) {
        const bool of_doctor = folder.of_doctor_us && now_us - *folder.of_doctor_us < kDoctorUs;
        if (!of_doctor && (!folder.of_unload || others == 0)) {
            MUSTER_TRY(staging.clear(folder.name));
        }
    }
    return {};
}

}  // namespace

Result<void> RedshiftWarehouse::begin_run(const RunRecord& run) {
    if (run.kind != "backup") {
        MUSTER_TRY(remove_leftovers(pool_, staging_, clock_.now_us()));
    }
    return attempt(pool_, [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
        MUSTER_TRY(connection.change(redshift::kRunDelete, run.run_id));
        MUSTER_TRY(connection.change(redshift::kRunInsert,
                                     run.run_id,
                                     run.status,
                                     run.kind,
                                     run.backup,
                                     run.trigger,
                                     run.error,
                                     run.started_at_us,
                                     planned_tables_json(run)));
        return transaction.commit();
    });
}

Result<void> RedshiftWarehouse::finish_table(const RunId& run, const TableOutcome& outcome) {
    return attempt(pool_, [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
        MUSTER_TRY(redshift::put_outcome(connection, run.str(), outcome, clock_.now_us()));
        return transaction.commit();
    });
}

Result<void> RedshiftWarehouse::reconcile() {
    return attempt(pool_, [this](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto rows, connection.query(redshift::kRunsLost, kLeaseUs));
        while (rows.next()) {
            MUSTER_TRY(reconcile_run(
                connection, std::string(rows.text(0)), std::string(rows.text(1)), clock_.now_us()));
        }
        return {};
    });
}

Result<std::vector<RunRecord>> RedshiftWarehouse::runs(std::int64_t limit) {
    return attempt(pool_, [limit](PgConnection& connection) {
        const std::string cut = limit < 0 ? "" : " LIMIT " + std::to_string(limit);
        return find_runs(connection, "ORDER BY started_at_us DESC, run_id DESC" + cut, {});
    });
}

Result<RunRecord> RedshiftWarehouse::run(const std::string& run_id) {
    const auto size = static_cast<std::int64_t>(run_id.size());
    MUSTER_ASSIGN(auto found, attempt(pool_, [&](PgConnection& connection) {
                      return find_runs(connection,
                                       "WHERE LEFT(run_id, " + std::to_string(size) +
                                           ") = $1 ORDER BY run_id LIMIT 2",
                                       PgParams().add(run_id));
                  }));
    return only_run(std::move(found), run_id);
}

}  // namespace muster
