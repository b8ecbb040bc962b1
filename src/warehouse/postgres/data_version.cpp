#include "warehouse/postgres/data_version.h"

#include "warehouse/postgres/ledger_sql.h"

#include <chrono>

namespace muster {

namespace {

constexpr std::int64_t kPollsPerStaleness = 5;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

DataVersion::~DataVersion() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::uint64_t DataVersion::value() {
    const std::int64_t now = now_ms();
    const std::int64_t asked = asked_at_ms_.exchange(now);
    if (asked == 0) {
        const std::lock_guard lock(mutex_);
        if (!thread_.joinable() && !stopped_) {
            thread_ = std::thread([this] { poll_until_stopped(); });
        }
    }
    std::int64_t known = known_at_ms_.load();
    if (now - known > stale_ms_ && known_at_ms_.compare_exchange_strong(known, now)) {
        counter_.fetch_add(1);
    }
    return counter_.load();
}

void DataVersion::poll_until_stopped() {
    std::unique_lock lock(mutex_);
    const std::chrono::milliseconds pause(stale_ms_ / kPollsPerStaleness);
    while (!stopped_) {
        lock.unlock();
        if (now_ms() - asked_at_ms_.load() <= stale_ms_) {
            poll();
        }
        lock.lock();
        wake_.wait_for(lock, pause, [this] { return stopped_; });
    }
}

void DataVersion::poll() {
    const std::int64_t before = now_ms();
    auto lease = pool_.acquire();
    if (!lease.ok()) {
        return;
    }
    auto rows = (*lease)->run_cached(sql_, {});
    if (!rows.ok() || !rows->next()) {
        return;
    }
    if (rows->text(0) != seen_) {
        seen_ = rows->text(0);
        counter_.fetch_add(1);
    }
    known_at_ms_.store(before);
}

}  // namespace muster
