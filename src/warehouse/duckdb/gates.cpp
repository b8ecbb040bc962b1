#include "warehouse/duckdb/gates.h"

#include <chrono>
#include <set>

namespace muster {

namespace {

constexpr auto kCancelPollInterval = std::chrono::milliseconds(50);

template <typename Lock>
Result<Lock> wait_for(std::shared_timed_mutex& gate, const CancelToken* cancel) {
    Lock lock(gate, std::defer_lock);
    while (!lock.try_lock_for(kCancelPollInterval)) {
        if (cancel != nullptr && cancel->cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped while waiting for a write gate", "", ""};
        }
    }
    return lock;
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
                                           const CancelToken* cancel) {
    std::set<std::string> names(referenced.begin(), referenced.end());
    names.insert(target);
    Pass pass;
    for (const std::string& name : names) {
        if (name == target) {
            MUSTER_ASSIGN(auto lock,
                          wait_for<std::unique_lock<std::shared_timed_mutex>>(gate(name), cancel));
            pass.exclusive.push_back(std::move(lock));
        } else {
            MUSTER_ASSIGN(auto lock,
                          wait_for<std::shared_lock<std::shared_timed_mutex>>(gate(name), cancel));
            pass.shared.push_back(std::move(lock));
        }
    }
    return pass;
}

}  // namespace muster
