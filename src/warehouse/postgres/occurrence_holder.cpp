#include "warehouse/postgres/occurrence_holder.h"

#include "core/clock.h"
#include "core/ids.h"
#include "core/limits.h"
#include "warehouse/detail/lease_time.h"
#include "warehouse/postgres/state_sql.h"

#include <chrono>

namespace muster {

OccurrenceHolder::OccurrenceHolder(PostgresPool& pool)
    : pool_(pool), owner_(new_run_id(SystemClock{}).str()) {}

OccurrenceHolder::~OccurrenceHolder() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
    if (held_ > 0) {
        // If nobody answers, they are free when the lease ends: nobody waits here for a server.
        auto lease = pool_.acquire();
        if (lease.ok()) {
            const auto freed = (*lease)->change(pg_sql::kOccurrencesHold, owner_, std::int64_t{0});
            static_cast<void>(freed);
        }
    }
}

void OccurrenceHolder::begin() {
    const std::lock_guard lock(mutex_);
    ++held_;
    if (!thread_.joinable() && !stopped_) {
        thread_ = std::thread([this] { renew_until_stopped(); });
    }
}

void OccurrenceHolder::end() {
    const std::lock_guard lock(mutex_);
    --held_;
}

void OccurrenceHolder::renew_until_stopped() {
    constexpr std::chrono::milliseconds kPause{kLeaseSeconds * 1000 / 3};
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        wake_.wait_for(lock, kPause, [this] { return stopped_; });
        if (stopped_ || held_ == 0) {
            continue;
        }
        lock.unlock();
        auto lease = pool_.acquire();
        if (lease.ok()) {
            // If it fails, the next one is in time.
            const auto held = (*lease)->change(pg_sql::kOccurrencesHold, owner_, kLeaseUs);
            static_cast<void>(held);
        }
        lock.lock();
    }
}

}  // namespace muster
