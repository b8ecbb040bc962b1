// Warehouse::load: the order of a load, its transaction and its gates.
#include "core/limits.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/lease_holder.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/redshift/gates.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/publications.h"
#include "warehouse/redshift/redshift_warehouse.h"

#include <chrono>
#include <thread>

namespace muster {
namespace {

// Writers by request hold a gate for seconds, a restore for a moment: whoever holds it for so long
// is in trouble.
constexpr std::int64_t kLoadGateWaitMs = 600'000;
constexpr int kLoadAttemptsMax = 4;
constexpr auto kLoadRetryPause = std::chrono::milliseconds(500);  // doubled each time
constexpr auto kOutcomePoll = std::chrono::milliseconds(500);

// A run that was stopped for longer than its lease lives finds another one in its place. Asked on
// another connection: a lock that the load's transaction kept would stop the leases' own writers.
Result<void> check_lease(PostgresPool& pool, const RunId& run) {
    MUSTER_ASSIGN(auto lease, pool.acquire());
    MUSTER_ASSIGN(auto rows,
                  lease->query(ledger_sql::kLeaseLost, std::string(kRunLease), run.str()));
    if (rows.next()) {
        return Error{ErrorCode::kConflict,
                     "run " + run.str() + " lost its lease to run " + std::string(rows.text(0)),
                     "the table is untouched; run again",
                     ""};
    }
    return {};
}

// A commit whose answer was lost: the publication is there, or it is not once the gate is free.
Result<std::optional<TableOutcome>> settled(PostgresPool& pool, const LoadRequest& request) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kOutcomeWaitMs);
    for (;;) {
        auto lease = pool.acquire();
        if (lease.ok()) {
            auto gated = redshift::open_gated(**lease, request.table, kOutcomeWaitMs);
            if (gated.ok()) {
                return redshift::published_outcome(**lease, request.run, request.table.name.str());
            }
        }
        if (std::chrono::steady_clock::now() >= end) {
            return Error{ErrorCode::kUnavailable,
                         "the connection to Redshift was lost during COMMIT, and whether the load"
                         " of table " +
                             request.table.name.str() + " was committed is not known yet",
                         "run again once it answers: what was committed is found then",
                         ""};
        }
        std::this_thread::sleep_for(kOutcomePoll);
    }
}

}  // namespace

Result<TableOutcome> RedshiftWarehouse::load(const LoadRequest& request) {
    MUSTER_TRY(staging_.check());
    const std::int64_t started_ns = clock_.monotonic_ns();
    for (int tried = 1;; ++tried) {
        auto outcome = load_once(request, started_ns);
        const bool met_another = !outcome.ok() && outcome.error().code == ErrorCode::kUnavailable &&
                                 outcome.error().detail.find("[40001]") != std::string::npos;
        if (!met_another || tried == kLoadAttemptsMax) {
            return outcome;
        }
        std::this_thread::sleep_for(kLoadRetryPause * (1 << (tried - 1)));
    }
}

Result<TableOutcome> RedshiftWarehouse::load_once(const LoadRequest& request,
                                                  std::int64_t started_ns) {
    const auto seconds = [this, started_ns] {
        return static_cast<double>(clock_.monotonic_ns() - started_ns) / 1e9;
    };
    const std::string& table = request.table.name.str();
    MUSTER_ASSIGN(auto engine, engine_.handle().connect());
    const InterruptGuard guard(engine, request.cancel);
    MUSTER_ASSIGN(auto lease, pool_.acquire(request.cancel));
    PgConnection& connection = *lease;
    MUSTER_ASSIGN(auto before, redshift::published_outcome(connection, request.run, table));
    if (before) {
        return *std::move(before);
    }
    RedshiftLoadJob job(
        engine, connection, staging_, request, engine_.handle().engine_memory_bytes);
    MUSTER_TRY(job.stage());
    MUSTER_TRY(job.copy());
    MUSTER_ASSIGN(auto transaction,
                  redshift::open_gated(connection, request.table, kLoadGateWaitMs));
    MUSTER_ASSIGN(before, redshift::published_outcome(connection, request.run, table));
    if (before) {
        return *std::move(before);
    }
    MUSTER_TRY(check_lease(pool_, request.run));
    MUSTER_TRY(job.judge());
    const auto excess = job.excess();
    TableOutcome outcome;
    if (excess) {
        MUSTER_ASSIGN(outcome, job.record_refused(clock_.now_us(), *excess));
    } else {
        MUSTER_TRY(job.publish());
        MUSTER_ASSIGN(outcome, job.record(clock_.now_us()));
        outcome.seconds = seconds();
        MUSTER_TRY(redshift::record_publication(
            connection, request.run, outcome, job.target_changed(), clock_.now_us()));
    }
    if (request.cancel != nullptr && request.cancel->cancelled()) {
        return Error{ErrorCode::kCancelled, "stopped before the load was committed", "", ""};
    }
    if (auto committed = transaction.commit(); !committed.ok()) {
        if (!transaction.outcome_unknown() || excess) {
            return std::move(committed).error();
        }
        MUSTER_ASSIGN(before, settled(pool_, request));
        if (!before) {
            return std::move(committed).error();
        }
    }
    if (!excess && job.target_changed()) {
        data_version_.counter().fetch_add(1);
    }
    outcome.seconds = seconds();
    MUSTER_TRY(job.clean_up());
    return outcome;
}

}  // namespace muster
