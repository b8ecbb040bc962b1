// The write gates in PostgreSQL (architecture.md, decision 3): advisory locks that a transaction
// holds to its end, shared by all processes and machines that work with the database. One per
// table of a schema.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// Waits, in the connection's transaction, for the gate of `target` and, shared, of the tables it
// refers to; always in the order of their names, so that two writers never wait for each other.
// kBusy if all of it takes longer than `wait_ms`; kCancelled by the connection's token. After an
// error the transaction is good for nothing but its rollback.
// Requires READ COMMITTED: only what is read after this is what the one before has left.
Result<void> enter_gates(PgConnection& connection,
                         const std::string& target,
                         const std::vector<std::string>& referenced,
                         std::optional<std::int64_t> wait_ms = std::nullopt);
// The same of a table of the catalog.
Result<void> enter_gates(PgConnection& connection,
                         const Table& table,
                         std::optional<std::int64_t> wait_ms = std::nullopt);

}  // namespace muster
