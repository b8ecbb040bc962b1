// Writes of the state store: a transaction each.
#pragma once

#include "warehouse/postgres/pool.h"
#include "warehouse/postgres/tables.h"
#include "warehouse/postgres/transaction_status.h"

#include <chrono>
#include <string>
#include <thread>

namespace muster {

// Runs `steps` in a transaction of its own, again while it conflicts with another one or the
// connection is lost before its COMMIT. One whose COMMIT got no answer is asked for, so that
// nothing is written twice.
template <typename Steps>
Result<void> write_state(PostgresPool& pool, const Steps& steps) {
    constexpr int kAttemptsMax = 8;
    constexpr auto kPause = std::chrono::milliseconds(10);
    for (int attempt = 1;; ++attempt) {
        bool unknown = false;
        std::string number;
        Result<void> done = [&]() -> Result<void> {
            MUSTER_ASSIGN(auto lease, pool.acquire());
            MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease, kReadCommitted));
            MUSTER_TRY(steps(*lease));
            MUSTER_ASSIGN(number, transaction_number(*lease));
            auto committed = transaction.commit();
            unknown = transaction.outcome_unknown();
            return committed;
        }();
        if (!done.ok() && unknown) {
            const TransactionOutcome outcome = transaction_outcome(pool, number);
            if (outcome == TransactionOutcome::kCommitted) {
                return {};
            }
            if (outcome == TransactionOutcome::kUnknown) {
                return outcome_error(done.error(), outcome);
            }
        }
        if (done.ok() || !worth_a_retry(done.error()) || attempt == kAttemptsMax) {
            return done;
        }
        std::this_thread::sleep_for(kPause * attempt);
    }
}

// A statement that changes rows, however many.
template <typename... Values>
Result<void> change_rows(PgConnection& connection, const char* sql, const Values&... values) {
    PgParams params;
    (params.add(values), ...);
    MUSTER_TRY(connection.run_cached(sql, params));
    return {};
}

}  // namespace muster
