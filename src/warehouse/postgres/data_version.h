// A number that rises after every commit to a table of the catalog, by this process at once, by any
// other within kDataVersionStaleMs. A thread asks the database every kDataVersionPollMs while the
// number is asked for. Thread-safe.
#pragma once

#include "warehouse/postgres/pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace muster {

inline constexpr std::int64_t kDataVersionPollMs = 1000;
inline constexpr std::int64_t kDataVersionStaleMs = 5000;  // a cached report may be so old

class DataVersion {
  public:
    // `sql` asks for a text that changes with every such commit.
    DataVersion(PostgresPool& pool, const char* sql) : pool_(pool), sql_(sql) {}
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
