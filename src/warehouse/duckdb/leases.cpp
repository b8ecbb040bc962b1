#include "core/limits.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

}  // namespace

Result<std::optional<RunId>> DuckdbWarehouse::acquire_lease(const std::string& name,
                                                            const RunId& owner) {
    const std::lock_guard lock(lease_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    const std::int64_t now = clock_.now_us();
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    std::optional<RunId> left_by;
    {
        MUSTER_ASSIGN(auto held, connection.query(sql::kLeaseSelect, std::string_view(name)));
        MUSTER_ASSIGN(const bool found, held.next());
        if (found && held.text(0) != owner.str()) {
            left_by = RunId(std::string(held.text(0)));
        }
        if (left_by && held.int64(2) > now) {
            const std::string& holder = left_by->str();
            // A run that has ended gives its lease back next; who saw its end need not wait for it.
            MUSTER_ASSIGN(const auto ended,
                          connection.scalar(sql::kRunEnded, std::string_view(holder)));
            if (ended == 0) {
                return Error{ErrorCode::kBusy,
                             "run " + holder + " holds the lease '" + name + "' since " +
                                 std::to_string((now - held.int64(1)) / kMicroseconds) + " s",
                             "wait until it is done; a run that died frees its lease after " +
                                 std::to_string(kLeaseSeconds) + " s",
                             ""};
            }
        }
    }
    MUSTER_ASSIGN(auto removed, connection.change(sql::kLeaseDelete, std::string_view(name)));
    MUSTER_ASSIGN(auto inserted,
                  connection.change(sql::kLeaseInsert,
                                    std::string_view(name),
                                    std::string_view(owner.str()),
                                    now,
                                    now + kLeaseSeconds * kMicroseconds));
    static_cast<void>(removed + inserted);
    MUSTER_TRY(transaction.commit());
    return left_by;
}

Result<void> DuckdbWarehouse::renew_lease(const std::string& name, const RunId& owner) {
    const std::lock_guard lock(lease_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(const auto renewed,
                  connection.change(sql::kLeaseRenew,
                                    clock_.now_us() + kLeaseSeconds * kMicroseconds,
                                    std::string_view(name),
                                    std::string_view(owner.str())));
    if (renewed == 0) {
        return Error{ErrorCode::kConflict,
                     "run " + owner.str() + " lost the lease '" + name + "'",
                     "another run took it over after it had expired",
                     ""};
    }
    return {};
}

Result<void> DuckdbWarehouse::release_lease(const std::string& name, const RunId& owner) {
    const std::lock_guard lock(lease_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(auto released,
                  connection.change(
                      sql::kLeaseRelease, std::string_view(name), std::string_view(owner.str())));
    static_cast<void>(released);
    return {};
}

}  // namespace muster
