// Runs, their tables and the versions of objects.
#include "warehouse/detail/lease_time.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/postgres/tables.h"

#include <set>

namespace muster {

namespace {

constexpr std::int64_t kDayUs = std::int64_t{24} * 3600 * 1'000'000;

Result<std::vector<TableOutcome>> run_tables(PgConnection& connection, const std::string& run_id) {
    MUSTER_ASSIGN(auto rows, connection.query(ledger_sql::kRunTables, run_id));
    std::vector<TableOutcome> tables;
    while (rows.next()) {
        MUSTER_ASSIGN(auto outcome, parse_table_outcome(rows.text(0)));
        tables.push_back(std::move(outcome));
    }
    return tables;
}

Result<std::vector<RunRecord>> find_runs(PgConnection& connection,
                                         const std::string& condition,
                                         const PgParams& params) {
    MUSTER_ASSIGN(auto rows, connection.run(ledger_sql::kRunsSelect + condition, params));
    std::vector<RunRecord> found = read_runs(rows);
    for (RunRecord& run : found) {
        MUSTER_ASSIGN(run.tables, run_tables(connection, run.run_id));
    }
    return found;
}

Result<void> reconcile_run(PgConnection& connection,
                           const std::string& run_id,
                           const std::string& planned_json,
                           std::int64_t now_us) {
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
    MUSTER_ASSIGN(const auto running, connection.query(ledger_sql::kRunLock, run_id));
    if (running.size() == 0) {
        return {};  // another process was faster
    }
    std::set<std::string> published;
    MUSTER_ASSIGN(auto rows, connection.query(ledger_sql::kPublishedOutcomes, run_id));
    while (rows.next()) {
        published.emplace(rows.text(0));
        MUSTER_ASSIGN(const auto put,
                      connection.change(
                          ledger_sql::kRunTablePut, run_id, rows.text(0), rows.text(1), now_us));
        static_cast<void>(put);
    }
    const LostRunEnd end = end_of_lost_run(planned_json, published);
    MUSTER_ASSIGN(const auto changed,
                  connection.change(ledger_sql::kRunFinish, end.status, end.error, now_us, run_id));
    static_cast<void>(changed);
    return transaction.commit();
}

}  // namespace

Result<void> PostgresWarehouse::begin_run(const RunRecord& run) {
    return attempt_change(pool_,
                          ledger_sql::kRunInsert,
                          run.run_id,
                          run.status,
                          run.kind,
                          run.backup,
                          run.trigger,
                          run.error,
                          run.started_at_us,
                          planned_tables_json(run));
}

Result<void> PostgresWarehouse::finish_table(const RunId& run, const TableOutcome& outcome) {
    return attempt_change(pool_,
                          ledger_sql::kRunTablePut,
                          run.str(),
                          outcome.table,
                          table_outcome_json(outcome),
                          clock_.now_us());
}

Result<void> PostgresWarehouse::finish_run(const RunRecord& run) {
    return attempt(pool_, [&run](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(
            const auto changed,
            connection.change(
                ledger_sql::kRunFinish, run.status, run.error, run.finished_at_us, run.run_id));
        if (changed == 0) {
            return Error{ErrorCode::kNotFound, "no run " + run.run_id + " in the ledger", "", ""};
        }
        return {};
    });
}

Result<void> PostgresWarehouse::reconcile() {
    return attempt(pool_, [this](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto rows, connection.query(ledger_sql::kRunsLost, kLeaseUs));
        while (rows.next()) {
            MUSTER_TRY(reconcile_run(
                connection, std::string(rows.text(0)), std::string(rows.text(1)), clock_.now_us()));
        }
        return {};
    });
}

Result<std::vector<RunRecord>> PostgresWarehouse::runs(std::int64_t limit) {
    const std::string cut = limit < 0 ? "" : " LIMIT " + std::to_string(limit);
    return attempt(
        pool_,
        [&cut](PgConnection& connection) {
            return find_runs(connection, "ORDER BY started_at_us DESC, run_id DESC" + cut, {});
        },
        kQuestionAttemptsMax);
}

Result<RunRecord> PostgresWarehouse::run(const std::string& run_id) {
    MUSTER_ASSIGN(auto found, attempt(pool_, [&run_id](PgConnection& connection) {
                      return find_runs(connection,
                                       "WHERE starts_with(run_id, $1) ORDER BY run_id LIMIT 2",
                                       PgParams().add(run_id));
                  }));
    return only_run(std::move(found), run_id);
}

Result<std::vector<ObjectVersion>> PostgresWarehouse::object_versions(const TableName& table) {
    return attempt(pool_, [&table](PgConnection& connection) -> Result<std::vector<ObjectVersion>> {
        MUSTER_ASSIGN(auto rows, connection.query(ledger_sql::kObjectsSelect, table.str()));
        std::vector<ObjectVersion> versions;
        while (rows.next()) {
            versions.push_back(read_object_version(rows));
        }
        return versions;
    });
}

Result<void> PostgresWarehouse::touch_object(const TableName& table, const ObjectInfo& info) {
    return attempt_change(pool_,
                          ledger_sql::kObjectTouch,
                          info.mtime_ns,
                          info.ctime_ns,
                          static_cast<std::int64_t>(info.inode),
                          info.etag,
                          table.str(),
                          info.key.str(),
                          static_cast<std::int64_t>(info.bytes));
}

Result<void> PostgresWarehouse::apply_retention(const Retention& retention) {
    const std::int64_t runs_before = clock_.now_us() - retention.runs_days * kDayUs;
    const std::int64_t rejects_before = clock_.now_us() - retention.rejects_days * kDayUs;
    const std::string old_runs =
        "(SELECT run_id FROM muster.runs WHERE status <> 'running' AND started_at_us < " +
        std::to_string(runs_before) + ")";
    return attempt(pool_, [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
        for (const char* table : {"run_tables", "publications", "runs"}) {
            MUSTER_TRY(connection.execute(std::string("DELETE FROM muster.") + table +
                                          " WHERE run_id IN " + old_runs));
        }
        MUSTER_TRY(connection.execute("DELETE FROM muster.rejects WHERE last_seen_us < " +
                                      std::to_string(rejects_before)));
        return transaction.commit();
    });
}

}  // namespace muster
