// Group commit for one table. A request that finds nobody at work leads: it writes all that wait,
// itself included, in one transaction. Meanwhile others gather; when the leader is done, the first
// of them leads the next group. No thread of its own; thread-safe.
#pragma once

#include "core/clock.h"
#include "warehouse/row_tables.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace muster {

struct RowsCounters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> waiting{0};
};

class Committer {
  public:
    Committer(const Table& table, RowTables& tables, const Clock& clock, RowsCounters& counters)
        : table_(table), tables_(tables), clock_(clock), counters_(counters) {}

    // Returns when the request's group is durable or refused; kBusy, and nothing written, if its
    // turn did not come within kGateWaitMs.
    Result<RowWriteResult> write(const RowWrite& request);

  private:
    struct Waiting {
        const RowWrite* request;
        std::int64_t since_ns;
        std::optional<Result<RowWriteResult>> result;  // written by the leader before the call
        bool taken = false;                            // by a leader: it is being written
        bool called = false;  // its result is there, or it leads the next group
        std::condition_variable woken;
    };

    // False if it left the queue because its time was over.
    bool wait_for_turn(std::unique_lock<std::mutex>& lock, Waiting& own);
    std::vector<Waiting*> take_group();
    void commit(const std::vector<Waiting*>& group);
    void hand_over();

    const Table& table_;
    RowTables& tables_;
    const Clock& clock_;
    RowsCounters& counters_;
    std::mutex mutex_;
    std::deque<Waiting*> queue_;
    bool at_work_ = false;
};

}  // namespace muster
