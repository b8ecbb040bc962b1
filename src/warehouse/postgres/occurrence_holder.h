// Who executes the occurrences of schedules that a process has claimed: it holds them by a lease of
// kLeaseSeconds, by the server's clock, which a thread renews while any is at work. So that another
// process tells those of the dead from those of the living. Thread-safe.
#pragma once

#include "warehouse/postgres/pool.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace muster {

class OccurrenceHolder {
  public:
    explicit OccurrenceHolder(PostgresPool& pool);
    // What is still held then is free at once.
    ~OccurrenceHolder();
    OccurrenceHolder(const OccurrenceHolder&) = delete;
    OccurrenceHolder& operator=(const OccurrenceHolder&) = delete;

    const std::string& owner() const { return owner_; }  // of this process and no other
    void begin();                                        // after an occurrence was claimed
    void end();  // after it was finished, once for each begin

  private:
    void renew_until_stopped();

    PostgresPool& pool_;
    const std::string owner_;
    std::mutex mutex_;
    std::condition_variable wake_;
    int held_ = 0;
    bool stopped_ = false;
    std::thread thread_;
};

}  // namespace muster
