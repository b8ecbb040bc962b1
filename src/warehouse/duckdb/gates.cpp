#include "warehouse/duckdb/gates.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace muster {

namespace {

constexpr auto kCancelPollInterval = std::chrono::milliseconds(50);

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

template <typename Lock>
Result<Lock> wait_for(std::shared_timed_mutex& gate,
                      const std::string& table,
                      const CancelToken* cancel,
                      const Deadline& deadline) {
    Lock lock(gate, std::defer_lock);
    for (;;) {
        const auto poll = std::chrono::steady_clock::now() + kCancelPollInterval;
        if (lock.try_lock_until(deadline ? std::min(*deadline, poll) : poll)) {
            return lock;
        }
        if (deadline && std::chrono::steady_clock::now() >= *deadline) {
            return Error{ErrorCode::kBusy,
                         "table " + table + " is being written by a run or a restore",
                         "try again later",
                         ""};
        }
        if (cancel != nullptr && cancel->cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped while waiting for a write gate", "", ""};
        }
    }
}

}  // namespace

std::shared_timed_mutex& WriteGates::gate(const std::string& table) {
    const std::lock_guard lock(mutex_);
    auto& entry = gates_[table];
    if (!entry) {
        entry = std::make_unique<std::shared_timed_mutex>();
    }
    return *entry;
}

Result<WriteGates::Pass> WriteGates::enter(const std::string& target,
                                           const std::vector<std::string>& referenced,
                                           const CancelToken* cancel,
                                           std::optional<std::int64_t> wait_ms) {
    Deadline deadline;
    if (wait_ms) {
        deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(*wait_ms);
    }
    std::set<std::string> names(referenced.begin(), referenced.end());
    names.insert(target);
    Pass pass;
    for (const std::string& name : names) {
        if (name == target) {
            using Lock = std::unique_lock<std::shared_timed_mutex>;
            MUSTER_ASSIGN(auto lock, wait_for<Lock>(gate(name), name, cancel, deadline));
            pass.exclusive.push_back(std::move(lock));
        } else {
            using Lock = std::shared_lock<std::shared_timed_mutex>;
            MUSTER_ASSIGN(auto lock, wait_for<Lock>(gate(name), name, cancel, deadline));
            pass.shared.push_back(std::move(lock));
        }
    }
    return pass;
}

Result<WriteGates::Pass> WriteGates::enter(const Table& table,
                                           const CancelToken* cancel,
                                           std::optional<std::int64_t> wait_ms) {
    std::vector<std::string> referenced;
    for (const Reference& reference : table.references) {
        referenced.push_back(reference.table.str());
    }
    return enter(table.name.str(), referenced, cancel, wait_ms);
}

}  // namespace muster
