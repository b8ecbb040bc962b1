// Leases: LOCK on their table lets one after the other look and write.
#include "core/limits.h"
#include "warehouse/detail/lease_time.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/redshift_warehouse.h"

#include <fmt/format.h>

namespace muster {
namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

Result<std::optional<RunId>> take(PgConnection& connection,
                                  const std::string& name,
                                  const std::string& owner) {
    std::optional<RunId> left_by;
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
    MUSTER_TRY(connection.execute(redshift::kLeasesLock));
    MUSTER_ASSIGN(const std::int64_t now_us, connection.scalar(redshift::kServerNow));
    MUSTER_ASSIGN(auto held, connection.query(redshift::kLeaseHolder, name));
    while (held.next()) {
        const std::string holder(held.text(0));
        const bool free = holder == owner || held.int64(2) <= now_us || held.text(3) != "running";
        if (!free) {
            const std::int64_t age_us = now_us - held.int64(1);
            return Error{
                ErrorCode::kBusy,
                fmt::format(
                    "run {} holds the lease '{}' since {} s", holder, name, age_us / kMicroseconds),
                "wait until it is done; a run that died frees its lease after " +
                    std::to_string(kLeaseSeconds) + " s",
                ""};
        }
        if (holder != owner) {
            left_by = RunId(holder);
        }
    }
    MUSTER_TRY(connection.change(redshift::kLeaseDelete, name));
    MUSTER_TRY(connection.change(redshift::kLeaseInsert, name, owner, now_us, now_us + kLeaseUs));
    MUSTER_TRY(transaction.commit());
    return left_by;
}

}  // namespace

Result<std::optional<RunId>> RedshiftWarehouse::acquire_lease(const std::string& name,
                                                              const RunId& owner) {
    return attempt(pool_,
                   [&](PgConnection& connection) { return take(connection, name, owner.str()); });
}

Result<void> RedshiftWarehouse::renew_lease(const std::string& name, const RunId& owner) {
    const auto renewed = attempt(pool_, [&](PgConnection& connection) {
        return connection.change(redshift::kLeaseRenew, name, owner.str(), kLeaseUs);
    });
    if (!renewed.ok()) {
        return renewed.error();
    }
    if (*renewed == 0) {
        return Error{ErrorCode::kConflict,
                     "run " + owner.str() + " lost the lease '" + name + "'",
                     "another run took it over after it had expired",
                     ""};
    }
    return {};
}

}  // namespace muster
