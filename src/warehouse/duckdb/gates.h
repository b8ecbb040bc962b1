// The write gates of a process: one per table (architecture.md, decision 3). DuckDB has one process
// per file, so a lock in memory is enough. Thread-safe.
#pragma once

#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace muster {

class WriteGates {
  public:
    // Holds the gates until it is destroyed.
    struct Pass {
        std::vector<std::unique_lock<std::shared_timed_mutex>> exclusive;
        std::vector<std::shared_lock<std::shared_timed_mutex>> shared;
    };

    // Waits for the gate of `target` and, shared, of the tables it refers to; always in the order
    // of their names, so that two loads never wait for each other. kCancelled if asked to stop,
    // kBusy if all of it takes longer than `wait_ms`.
    Result<Pass> enter(const std::string& target,
                       const std::vector<std::string>& referenced,
                       const CancelToken* cancel,
                       std::optional<std::int64_t> wait_ms = std::nullopt);
    // The same of a table of the catalog.
    Result<Pass> enter(const Table& table,
                       const CancelToken* cancel,
                       std::optional<std::int64_t> wait_ms = std::nullopt);

  private:
    std::shared_timed_mutex& gate(const std::string& table);

    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<std::shared_timed_mutex>> gates_;
};

}  // namespace muster
