#include "core/limits.h"
#include "warehouse/detail/lease_time.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/postgres_warehouse.h"

namespace muster {

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

}  // namespace

Result<std::optional<RunId>> PostgresWarehouse::acquire_lease(const std::string& name,
                                                              const RunId& owner) {
    using LeftBy = std::optional<RunId>;
    return attempt(pool_, [&](PgConnection& connection) -> Result<LeftBy> {
        MUSTER_ASSIGN(auto taken,
                      connection.query(ledger_sql::kLeaseTake, name, owner.str(), kLeaseUs));
        if (taken.next()) {
            const std::string before(taken.text(0));  // "" for none
            return before.empty() || before == owner.str() ? LeftBy{} : LeftBy{RunId(before)};
        }
        MUSTER_ASSIGN(auto held, connection.query(ledger_sql::kLeaseHolder, name));
        const bool found = held.next();
        const std::string holder = found ? std::string(held.text(0)) : "another run";
        const std::int64_t age_us = found ? held.int64(1) : 0;
        return Error{ErrorCode::kBusy,
                     "run " + holder + " holds the lease '" + name + "' since " +
                         std::to_string(age_us / kMicroseconds) + " s",
                     "wait until it is done; a run that died frees its lease after " +
                         std::to_string(kLeaseSeconds) + " s",
                     ""};
    });
}

Result<void> PostgresWarehouse::renew_lease(const std::string& name, const RunId& owner) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(const auto renewed,
                  lease->change(ledger_sql::kLeaseRenew, name, owner.str(), kLeaseUs));
    if (renewed == 0) {
        return Error{ErrorCode::kConflict,
                     "run " + owner.str() + " lost the lease '" + name + "'",
                     "another run took it over after it had expired",
                     ""};
    }
    return {};
}

Result<void> PostgresWarehouse::release_lease(const std::string& name, const RunId& owner) {
    return attempt_change(pool_, ledger_sql::kLeaseRelease, name, owner.str());
}

}  // namespace muster
