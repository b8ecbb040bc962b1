// Warehouse::load: the order of a load, its transaction and its gates.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/load_job.h"
#include "warehouse/duckdb/publications.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

Result<std::optional<TableOutcome>> published_outcome(Connection& connection,
                                                      const LoadRequest& request) {
    MUSTER_ASSIGN(auto rows,
                  connection.query(sql::kPublishedOutcome,
                                   std::string_view(request.run.str()),
                                   std::string_view(request.table.name.str())));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return std::optional<TableOutcome>();
    }
    MUSTER_ASSIGN(auto outcome, parse_table_outcome(rows.text(0)));
    return std::optional<TableOutcome>(std::move(outcome));
}

}  // namespace

Result<TableOutcome> DuckdbWarehouse::load(const LoadRequest& request) {
    const std::int64_t started_ns = clock_.monotonic_ns();
    const auto seconds = [this, started_ns] {
        return static_cast<double>(clock_.monotonic_ns() - started_ns) / 1e9;
    };
    MUSTER_ASSIGN(auto connection, connect());
    const InterruptGuard guard(connection, request.cancel);
    LoadJob job(connection, request, engine_.handle().engine_memory_bytes);
    MUSTER_ASSIGN(auto before, published_outcome(connection, request));
    if (before) {
        return *std::move(before);
    }
    MUSTER_TRY(job.stage());
    MUSTER_ASSIGN(const auto pass, gates_.enter(request.table, request.cancel));
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_ASSIGN(before, published_outcome(connection, request));
    if (before) {
        return *std::move(before);
    }
    MUSTER_TRY(job.judge());
    if (const auto excess = job.excess()) {
        MUSTER_ASSIGN(auto refused, job.record_refused(clock_.now_us(), *excess));
        MUSTER_TRY(transaction.commit());
        refused.seconds = seconds();
        return refused;
    }
    MUSTER_TRY(job.publish());
    MUSTER_ASSIGN(auto outcome, job.record(clock_.now_us()));
    outcome.seconds = seconds();
    MUSTER_TRY(record_publication(
        connection, request.run, outcome, job.target_changed(), clock_.now_us()));
    if (request.cancel != nullptr && request.cancel->cancelled()) {
        return Error{ErrorCode::kCancelled, "stopped before the load was committed", "", ""};
    }
    MUSTER_TRY(transaction.commit());
    if (job.target_changed()) {
        data_version_.fetch_add(1);
    }
    outcome.seconds = seconds();
    return outcome;
}

}  // namespace muster
