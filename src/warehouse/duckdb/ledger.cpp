// Runs, their tables and the versions of objects.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/sql.h"

#include <set>

namespace muster {

namespace {

constexpr std::int64_t kDayUs = std::int64_t{24} * 3600 * 1'000'000;

Result<void> put_run_table(Connection& connection,
                           const std::string& run_id,
                           const std::string& table,
                           const std::string& outcome_json,
                           std::int64_t now_us) {
    MUSTER_ASSIGN(
        auto removed,
        connection.change(sql::kRunTableDelete, std::string_view(run_id), std::string_view(table)));
    MUSTER_ASSIGN(auto added,
                  connection.change(sql::kRunTableInsert,
                                    std::string_view(run_id),
                                    std::string_view(table),
                                    std::string_view(outcome_json),
                                    now_us));
    static_cast<void>(removed + added);
    return {};
}

Result<std::vector<RunRecord>> read_runs(QueryResult& rows) {
    std::vector<RunRecord> runs;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return runs;
        }
        runs.push_back(read_run(rows));
    }
}

}  // namespace

Result<void> DuckdbWarehouse::begin_run(const RunRecord& run) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(auto added,
                  connection.change(sql::kRunInsert,
                                    std::string_view(run.run_id),
                                    std::string_view(run.status),
                                    std::string_view(run.kind),
                                    std::string_view(run.backup),
                                    std::string_view(run.trigger),
                                    std::string_view(run.error),
                                    run.started_at_us,
                                    std::string_view(planned_tables_json(run))));
    static_cast<void>(added);
    return {};
}

Result<void> DuckdbWarehouse::finish_table(const RunId& run, const TableOutcome& outcome) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(put_run_table(
        connection, run.str(), outcome.table, table_outcome_json(outcome), clock_.now_us()));
    return transaction.commit();
}

Result<void> DuckdbWarehouse::finish_run(const RunRecord& run) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(const auto changed,
                  connection.change(sql::kRunFinish,
                                    std::string_view(run.status),
                                    std::string_view(run.error),
                                    run.finished_at_us,
                                    std::string_view(run.run_id)));
    if (changed == 0) {
        return Error{ErrorCode::kNotFound, "no run " + run.run_id + " in the ledger", "", ""};
    }
    return {};
}

Result<void> DuckdbWarehouse::reconcile_run(Connection& connection,
                                            const std::string& run_id,
                                            const std::string& planned_json) {
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    std::set<std::string> published;
    std::vector<std::pair<std::string, std::string>> outcomes;
    {
        MUSTER_ASSIGN(auto rows,
                      connection.query(sql::kPublishedOutcomes, std::string_view(run_id)));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            published.emplace(rows.text(0));
            outcomes.emplace_back(rows.text(0), rows.text(1));
        }
    }
    for (const auto& [table, json] : outcomes) {
        MUSTER_TRY(put_run_table(connection, run_id, table, json, clock_.now_us()));
    }
    const LostRunEnd end = end_of_lost_run(planned_json, published);
    MUSTER_ASSIGN(
        auto changed,
        connection.change(
            sql::kRunFinish, end.status, end.error, clock_.now_us(), std::string_view(run_id)));
    static_cast<void>(changed);
    return transaction.commit();
}

Result<void> DuckdbWarehouse::reconcile() {
    MUSTER_ASSIGN(auto connection, connect());
    std::vector<std::pair<std::string, std::string>> lost;
    {
        MUSTER_ASSIGN(auto rows, connection.query(sql::kRunsLost, clock_.now_us()));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            lost.emplace_back(rows.text(0), rows.text(1));
        }
    }
    for (const auto& [run_id, planned] : lost) {
        MUSTER_TRY(reconcile_run(connection, run_id, planned));
    }
    return {};
}

Result<std::vector<TableOutcome>> DuckdbWarehouse::run_tables(Connection& connection,
                                                              const std::string& run_id) {
    MUSTER_ASSIGN(auto rows, connection.query(sql::kRunTables, std::string_view(run_id)));
    std::vector<TableOutcome> tables;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return tables;
        }
        MUSTER_ASSIGN(auto outcome, parse_table_outcome(rows.text(0)));
        tables.push_back(std::move(outcome));
    }
}

Result<std::vector<RunRecord>> DuckdbWarehouse::runs(std::int64_t limit) {
    MUSTER_ASSIGN(auto connection, connect());
    const std::string cut = limit < 0 ? "" : " LIMIT " + std::to_string(limit);
    std::vector<RunRecord> found;
    {
        MUSTER_ASSIGN(auto rows,
                      connection.query(std::string(sql::kRunsSelect) +
                                       "ORDER BY started_at_us DESC, run_id DESC" + cut));
        MUSTER_ASSIGN(found, read_runs(rows));
    }
    for (RunRecord& run : found) {
        MUSTER_ASSIGN(run.tables, run_tables(connection, run.run_id));
    }
    return found;
}

Result<RunRecord> DuckdbWarehouse::run(const std::string& run_id) {
    MUSTER_ASSIGN(auto connection, connect());
    std::vector<RunRecord> found;
    {
        MUSTER_ASSIGN(auto rows,
                      connection.query(std::string(sql::kRunsSelect) +
                                           "WHERE starts_with(run_id, ?) ORDER BY run_id LIMIT 2",
                                       std::string_view(run_id)));
        MUSTER_ASSIGN(found, read_runs(rows));
    }
    MUSTER_ASSIGN(RunRecord record, only_run(std::move(found), run_id));
    MUSTER_ASSIGN(record.tables, run_tables(connection, record.run_id));
    return record;
}

Result<std::vector<ObjectVersion>> DuckdbWarehouse::object_versions(const TableName& table) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kObjectsSelect, std::string_view(table.str())));
    std::vector<ObjectVersion> versions;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return versions;
        }
        versions.push_back(read_object_version(rows));
    }
}

Result<void> DuckdbWarehouse::touch_object(const TableName& table, const ObjectInfo& info) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(auto changed,
                  connection.change(sql::kObjectTouch,
                                    info.mtime_ns,
                                    info.ctime_ns,
                                    static_cast<std::int64_t>(info.inode),
                                    std::string_view(info.etag),
                                    std::string_view(table.str()),
                                    std::string_view(info.key.str()),
                                    static_cast<std::int64_t>(info.bytes)));
    static_cast<void>(changed);
    return {};
}

Result<void> DuckdbWarehouse::apply_retention(const Retention& retention) {
    MUSTER_ASSIGN(auto connection, connect());
    const std::string runs_before = std::to_string(clock_.now_us() - retention.runs_days * kDayUs);
    const std::string rejects_before =
        std::to_string(clock_.now_us() - retention.rejects_days * kDayUs);
    const std::string old_runs =
        "(SELECT run_id FROM muster.runs WHERE status <> 'running' AND started_at_us < " +
        runs_before + ")";
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(connection.execute("DELETE FROM muster.run_tables WHERE run_id IN " + old_runs));
    MUSTER_TRY(connection.execute("DELETE FROM muster.publications WHERE run_id IN " + old_runs));
    MUSTER_TRY(connection.execute("DELETE FROM muster.runs WHERE run_id IN " + old_runs));
    MUSTER_TRY(
        connection.execute("DELETE FROM muster.rejects WHERE last_seen_us < " + rejects_before));
    return transaction.commit();
}

}  // namespace muster
