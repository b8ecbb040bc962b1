// A number that rises after every commit to a table of the catalog, by this process at once, by any
// other within `stale_ms`. While the number is asked for, a thread asks the database five times in
// that time. Thread-safe.
#pragma once

#include "warehouse/postgres/pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace muster {

class DataVersion {
  public:
    // `sql` asks for a text that changes with every such commit.
    DataVersion(PostgresPool& pool, const char* sql, std::int64_t stale_ms)
        : pool_(pool), sql_(sql), stale_ms_(stale_ms) {}
    ~DataVersion();
    DataVersion(const DataVersion&) = delete;
    DataVersion& operator=(const DataVersion&) = delete;

    // Asks nobody. If nobody could tell for too long whether it still holds, it rises.
    std::uint64_t value();
    // Raised by this process after its commits.
    std::atomic<std::uint64_t>& counter() { return counter_; }

  private:
    void poll_until_stopped();
    void poll();

    PostgresPool& pool_;
    const char* sql_;
    const std::int64_t stale_ms_;
    std::atomic<std::uint64_t> counter_{1};
    std::atomic<std::int64_t> known_at_ms_{0};
    std::atomic<std::int64_t> asked_at_ms_{0};
    std::string seen_;  // by the thread alone
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopped_ = false;
    std::thread thread_;
};

}  // namespace muster
