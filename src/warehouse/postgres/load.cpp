// Warehouse::load: the order of a load, its transaction and its gates.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/lease_holder.h"
#include "warehouse/postgres/gates.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/tables.h"
#include "warehouse/postgres/transaction_status.h"

namespace muster {

namespace {

// Writers by request hold a gate for milliseconds, a restore for a moment: whoever holds it for so
// long is in trouble.
constexpr std::int64_t kLoadGateWaitMs = 600'000;

Result<std::optional<TableOutcome>> published_outcome(PgConnection& connection,
                                                      const LoadRequest& request) {
    MUSTER_ASSIGN(auto rows,
                  connection.query(
                      ledger_sql::kPublishedOutcome, request.run.str(), request.table.name.str()));
    if (!rows.next()) {
        return std::optional<TableOutcome>();
    }
    MUSTER_ASSIGN(auto outcome, parse_table_outcome(rows.text(0)));
    return std::optional<TableOutcome>(std::move(outcome));
}

// A run that was stopped for longer than its lease lives finds another one in its place.
Result<void> check_lease(PgConnection& connection, const RunId& run) {
    MUSTER_ASSIGN(auto rows,
                  connection.query(ledger_sql::kLeaseLost, std::string(kRunLease), run.str()));
    if (rows.next()) {
        return Error{ErrorCode::kConflict,
                     "run " + run.str() + " lost its lease to run " + std::string(rows.text(0)),
                     "the table is untouched; run again",
                     ""};
    }
    return {};
}

// Enough for the sorts and hash joins of a load; more, if the role has more.
constexpr const char* kWorkMemory =
    "SELECT set_config('work_mem', '64MB', true)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')";

// If the answer to COMMIT was lost, what became of the transaction is asked for.
Result<void> commit(PostgresPool& pool, PgConnection& connection, PgTransaction& transaction) {
    MUSTER_ASSIGN(const auto number, transaction_number(connection));
    auto committed = transaction.commit();
    if (committed.ok() || !transaction.outcome_unknown()) {
        return committed;
    }
    const TransactionOutcome outcome = transaction_outcome(pool, number);
    if (outcome == TransactionOutcome::kCommitted) {
        return {};
    }
    Error error = committed.error();
    if (outcome == TransactionOutcome::kUnknown) {
        error.message += "; whether the load was committed is not known yet";
        error.hint = "run again once the server answers: what was committed is found then";
    }
    return error;
}

}  // namespace

Result<TableOutcome> PostgresWarehouse::load(const LoadRequest& request) {
    const std::int64_t started_ns = clock_.monotonic_ns();
    const auto seconds = [this, started_ns] {
        return static_cast<double>(clock_.monotonic_ns() - started_ns) / 1e9;
    };
    MUSTER_ASSIGN(auto engine, engine_.handle().connect());
    const InterruptGuard guard(engine, request.cancel);
    MUSTER_ASSIGN(auto lease, pool_.acquire(request.cancel));
    PgConnection& connection = *lease;
    MUSTER_ASSIGN(auto before, published_outcome(connection, request));
    if (before) {
        return *std::move(before);
    }
    PostgresLoadJob job(engine, connection, request, engine_.handle().engine_memory_bytes);
    MUSTER_TRY(job.stage());
    MUSTER_TRY(job.choose_way());
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
    MUSTER_TRY(connection.execute(kWorkMemory));
    MUSTER_TRY(job.copy());
    MUSTER_TRY(enter_gates(connection, request.table, kLoadGateWaitMs));
    MUSTER_ASSIGN(before, published_outcome(connection, request));
    if (before) {
        return *std::move(before);
    }
    MUSTER_TRY(check_lease(connection, request.run));
    MUSTER_TRY(job.judge());
    if (!job.excess()) {
        MUSTER_TRY(job.publish());
    }
    if (const auto excess = job.excess()) {
        MUSTER_ASSIGN(auto refused, job.record_refused(clock_.now_us(), *excess));
        MUSTER_TRY(commit(pool_, connection, transaction));
        refused.seconds = seconds();
        return refused;
    }
    MUSTER_ASSIGN(auto outcome, job.record(clock_.now_us()));
    outcome.seconds = seconds();
    MUSTER_TRY(record_publication(
        connection, request.run, outcome, job.target_changed(), clock_.now_us()));
    if (request.cancel != nullptr && request.cancel->cancelled()) {
        return Error{ErrorCode::kCancelled, "stopped before the load was committed", "", ""};
    }
    MUSTER_TRY(commit(pool_, connection, transaction));
    if (job.target_changed()) {
        data_version_.counter().fetch_add(1);
    }
    outcome.seconds = seconds();
    return outcome;
}

}  // namespace muster
