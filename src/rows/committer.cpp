#include "rows/detail/committer.h"

#include "core/limits.h"

#include <algorithm>
#include <chrono>

namespace muster {
namespace {

// Bounds the time for which the last of a group waits for the work of the others.
constexpr std::size_t kGroupRequestsMax = 256;
constexpr std::size_t kGroupRowsMax = 10'000;
constexpr std::size_t kGroupBytesMax = 8U << 20;  // more only if one request has more
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

Result<RowWriteResult> Committer::write(const RowWrite& request) {
    Waiting own;
    own.request = &request;
    own.since_ns = clock_.monotonic_ns();
    counters_.requests.fetch_add(1);
    counters_.waiting.fetch_add(1);
    std::unique_lock lock(mutex_);
    queue_.push_back(&own);
    if (at_work_ && !wait_for_turn(lock, own)) {
        counters_.waiting.fetch_sub(1);
        return Error{ErrorCode::kBusy,
                     "table " + table_.name.str() + " is being written by requests before this one",
                     "try again later",
                     ""};
    }
    if (!own.result) {
        at_work_ = true;
        const std::vector<Waiting*> group = take_group();
        lock.unlock();
        commit(group);
        lock.lock();
        for (Waiting* waiting : group) {
            waiting->called = true;
            waiting->woken.notify_one();
        }
        hand_over();
    }
    counters_.waiting.fetch_sub(1);
    return *std::move(own.result);
}

bool Committer::wait_for_turn(std::unique_lock<std::mutex>& lock, Waiting& own) {
    const auto called = [&own] { return own.called; };
    if (own.woken.wait_for(lock, std::chrono::milliseconds(kGateWaitMs), called)) {
        return true;
    }
    if (!own.taken) {
        queue_.erase(std::find(queue_.begin(), queue_.end(), &own));
        return false;
    }
    own.woken.wait(lock, called);
    return true;
}

std::vector<Committer::Waiting*> Committer::take_group() {
    std::vector<Waiting*> group;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    while (!queue_.empty() && group.size() < kGroupRequestsMax) {
        rows += queue_.front()->request->rows.size();
        bytes += queue_.front()->request->bytes;
        if (!group.empty() && (rows > kGroupRowsMax || bytes > kGroupBytesMax)) {
            break;
        }
        queue_.front()->taken = true;
        group.push_back(queue_.front());
        queue_.pop_front();
    }
    return group;
}

void Committer::hand_over() {
    at_work_ = !queue_.empty();
    if (at_work_) {
        queue_.front()->called = true;
        queue_.front()->woken.notify_one();
    }
}

void Committer::commit(const std::vector<Waiting*>& group) {
    std::vector<const RowWrite*> requests;
    requests.reserve(group.size());
    for (const Waiting* waiting : group) {
        requests.push_back(waiting->request);
    }
    // The oldest has waited the longest for the gate already.
    const std::int64_t waited_ms = (clock_.monotonic_ns() - group.front()->since_ns) / kNsPerMs;
    const std::int64_t wait_ms = std::max<std::int64_t>(0, kGateWaitMs - waited_ms);
    auto results = tables_.write(table_, requests, wait_ms);
    counters_.commits.fetch_add(1);
    if (results.ok()) {
        for (std::size_t i = 0; i < group.size(); ++i) {
            group[i]->result.emplace(std::move((*results)[i]));
        }
        return;
    }
    const ErrorCode code = results.error().code;
    // What nobody of the group is at fault for is not tried one by one: after a commit whose
    // outcome nobody knows, rows that were written would be refused as being there already.
    if (group.size() == 1 || code == ErrorCode::kBusy || retryable(code)) {
        for (Waiting* waiting : group) {
            waiting->result.emplace(results.error());
        }
        return;
    }
    for (Waiting* waiting : group) {  // one of them may be at fault: it must not spoil the others
        commit({waiting});
    }
}

}  // namespace muster
