#include "warehouse/postgres/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace muster {
namespace {

constexpr const char* kLockTimedOut = "55P03";
// The lock's number: the hash is the server's own, so that all who work with the database agree.
constexpr const char* kEnter =
    "SELECT pg_advisory_xact_lock{}(hashtextextended('muster gate of ' ||"
    " quote_ident(current_schema()) || '.' || quote_ident($1), 0))";

Error busy(const std::string& table) {
    return {ErrorCode::kBusy,
            "table " + table + " is being written by a run or a restore",
            "try again later",
            ""};
}

}  // namespace

Result<void> enter_gates(PgConnection& connection,
                         const std::string& target,
                         const std::vector<std::string>& referenced,
                         std::optional<std::int64_t> wait_ms) {
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + std::chrono::milliseconds(wait_ms.value_or(0));
    std::set<std::string> names(referenced.begin(), referenced.end());
    names.insert(target);
    for (const std::string& name : names) {
        if (wait_ms) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - steady_clock::now());
            // 0 would be no limit at all.
            MUSTER_TRY(connection.execute(fmt::format("SET LOCAL lock_timeout = {}",
                                                      std::max<std::int64_t>(left.count(), 1))));
        }
        const auto entered = connection.run_cached(
            fmt::format(kEnter, name == target ? "" : "_shared"), PgParams().add(name));
        if (!entered.ok()) {
            return connection.sqlstate() == kLockTimedOut ? busy(name) : entered.error();
        }
    }
    return wait_ms ? connection.execute("SET LOCAL lock_timeout TO DEFAULT") : Result<void>{};
}

Result<void> enter_gates(PgConnection& connection,
                         const Table& table,
                         std::optional<std::int64_t> wait_ms) {
    std::vector<std::string> referenced;
    for (const Reference& reference : table.references) {
        referenced.push_back(reference.table.str());
    }
    return enter_gates(connection, table.name.str(), referenced, wait_ms);
}

}  // namespace muster
