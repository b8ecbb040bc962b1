#include "warehouse/postgres/transaction_status.h"

#include "core/limits.h"
#include "warehouse/postgres/rows_sql.h"

#include <chrono>
#include <optional>
#include <thread>

namespace muster {
namespace {

constexpr auto kOutcomePoll = std::chrono::milliseconds(100);

// Nothing while it is at work, or if nobody answers.
std::optional<TransactionOutcome> ask(PostgresPool& pool, const std::string& number) {
    auto lease = pool.acquire();
    if (!lease.ok()) {
        return std::nullopt;
    }
    auto rows = (*lease)->query(pg_sql::kTransactionStatus, number);
    if (!rows.ok() || !rows->next()) {
        return std::nullopt;
    }
    if (rows->text(0) == "committed") {
        return TransactionOutcome::kCommitted;
    }
    return rows->text(0) == "aborted" ? std::optional{TransactionOutcome::kAborted} : std::nullopt;
}

}  // namespace

Result<std::string> transaction_number(PgConnection& connection) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kTransactionNumber));
    MUSTER_CHECK(rows.next());
    return std::string(rows.text(0));
}

TransactionOutcome transaction_outcome(PostgresPool& pool, const std::string& number) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kOutcomeWaitMs);
    for (;;) {
        if (const auto outcome = ask(pool, number)) {
            return *outcome;
        }
        if (std::chrono::steady_clock::now() >= end) {
            return TransactionOutcome::kUnknown;
        }
        std::this_thread::sleep_for(kOutcomePoll);
    }
}

Error outcome_error(const Error& lost, TransactionOutcome outcome) {
    if (outcome == TransactionOutcome::kAborted) {
        return lost;
    }
    Error error = lost;
    error.message += "; nobody knows whether the rows were written";
    error.hint = "look whether they are there, or send the request again with its Idempotency-Key";
    return error;
}

}  // namespace muster
