// The write gates in Redshift (architecture.md, decision 3): LOCK on a table of their own, which a
// transaction holds to its end. There are no shared locks: who refers to a table enters its gate
// alone.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <optional>
#include <string>

namespace muster::redshift {

// muster."gate_<table>", and the statement that makes it.
std::string gate_name(const TableName& table);
std::string create_gate(const TableName& table);
// Enters the gates of the table and of those it refers to, in the order of their names; and that of
// one table alone.
std::string lock_gates(const Table& table);
std::string lock_gate(const TableName& table);

// Opens a transaction that holds the gates of the table and of those it refers to, entered in the
// order of their names. They come first: a transaction sees the database as of its first other
// statement. kBusy if it takes longer than `wait_ms`.
Result<PgTransaction> open_gated(PgConnection& connection,
                                 const Table& table,
                                 std::optional<std::int64_t> wait_ms);

// What bounds the wait of the next statements, and what ends that.
std::string statement_timeout(std::int64_t wait_ms);
inline constexpr const char* kTimeoutDefault = "SET statement_timeout TO DEFAULT";

// Runs a statement that waits for others, in a transaction. kBusy naming the table if it takes
// longer than `wait_ms`; after an error the transaction is to be rolled back, then forget_wait()
// called.
Result<void> execute_within(PgConnection& connection,
                            const std::string& sql,
                            const Table& table,
                            std::int64_t wait_ms);
// The session's own limit again, after the transaction: whether a rollback does that is not
// promised.
Result<void> forget_wait(PgConnection& connection);

}  // namespace muster::redshift
