// What became of a transaction whose COMMIT got no answer: PostgreSQL knows it by its number.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/pool.h"

#include <string>

namespace muster {

enum class TransactionOutcome { kCommitted, kAborted, kUnknown };

// The number of the connection's transaction, which has written or will. Asked for before COMMIT.
Result<std::string> transaction_number(PgConnection& connection);

// Asks on another connection, again and again while the transaction is at work or nobody answers;
// kUnknown after kOutcomeWaitMs.
TransactionOutcome transaction_outcome(PostgresPool& pool, const std::string& number);

// The error of a commit that got no answer (`lost`) and was not found to be committed.
Error outcome_error(const Error& lost, TransactionOutcome outcome);

}  // namespace muster
