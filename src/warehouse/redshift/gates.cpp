#include "warehouse/redshift/gates.h"

#include "warehouse/detail/table_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace muster::redshift {
namespace {

constexpr const char* kStatementStopped = "57014";

}  // namespace

std::string gate_name(const TableName& table) {
    return "muster." + sql::identifier("gate_" + table.str());
}

std::string create_gate(const TableName& table) {
    return "CREATE TABLE IF NOT EXISTS " + gate_name(table) + " (held INTEGER) DISTSTYLE ALL";
}

std::string lock_gates(const Table& table) {
    std::set<std::string> gates{gate_name(table.name)};
    for (const Reference& reference : table.references) {
        gates.insert(gate_name(reference.table));
    }
    std::string list;
    for (const std::string& gate : gates) {
        list += (list.empty() ? "" : ", ") + gate;
    }
    return "LOCK TABLE " + list;
}

std::string lock_gate(const TableName& table) { return "LOCK TABLE " + gate_name(table); }

// 0 would be no limit at all.
std::string statement_timeout(std::int64_t wait_ms) {
    return fmt::format("SET statement_timeout TO {}", std::max<std::int64_t>(wait_ms, 1));
}

Result<PgTransaction> open_gated(PgConnection& connection,
                                 const Table& table,
                                 std::optional<std::int64_t> wait_ms) {
    std::optional<Error> failed;
    {
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
        const std::string lock = lock_gates(table);
        const auto locked =
            wait_ms ? execute_within(connection, lock, table, *wait_ms) : connection.execute(lock);
        if (locked.ok()) {
            return transaction;
        }
        failed = locked.error();
    }
    if (wait_ms && connection.usable()) {
        MUSTER_TRY(forget_wait(connection));
    }
    return *std::move(failed);
}

Result<void> execute_within(PgConnection& connection,
                            const std::string& sql,
                            const Table& table,
                            std::int64_t wait_ms) {
    MUSTER_TRY(connection.execute(statement_timeout(wait_ms)));
    if (auto done = connection.execute(sql); !done.ok()) {
        const bool too_long = connection.sqlstate() == kStatementStopped &&
                              done.error().code != ErrorCode::kCancelled;
        return too_long ? Error{ErrorCode::kBusy,
                                "table " + table.name.str() + " is being written or read by others",
                                "try again later",
                                ""}
                        : std::move(done).error();
    }
    return forget_wait(connection);
}

Result<void> forget_wait(PgConnection& connection) { return connection.execute(kTimeoutDefault); }

}  // namespace muster::redshift
