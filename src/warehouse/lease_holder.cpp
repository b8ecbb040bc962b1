#include "warehouse/lease_holder.h"

#include "core/limits.h"

#include <chrono>

namespace muster {

Result<std::unique_ptr<LeaseHolder>> LeaseHolder::acquire(Warehouse& warehouse,
                                                          const std::string& name,
                                                          const RunId& owner,
                                                          CancelToken& lost) {
    MUSTER_ASSIGN(auto left_by, warehouse.acquire_lease(name, owner));
    return std::unique_ptr<LeaseHolder>{
        new LeaseHolder{warehouse, name, owner, std::move(left_by), lost}};
}

LeaseHolder::LeaseHolder(Warehouse& warehouse,
                         std::string name,
                         RunId owner,
                         std::optional<RunId> left_by,
                         CancelToken& lost)
    : warehouse_(warehouse),
      name_(std::move(name)),
      owner_(std::move(owner)),
      left_by_(std::move(left_by)),
      lost_(lost),
      thread_([this] { renew_until_stopped(); }) {}

LeaseHolder::~LeaseHolder() {
    stop();
    if (!released_) {
        // Best effort on the way out of a failure: an unreleased lease expires by itself.
        (void)warehouse_.release_lease(name_, owner_);
    }
}

Result<void> LeaseHolder::release() {
    stop();
    released_ = true;
    return warehouse_.release_lease(name_, owner_);
}

void LeaseHolder::renew_until_stopped() {
    std::unique_lock lock{mutex_};
    const std::chrono::seconds pause{kLeaseHeartbeatSeconds};
    while (!wake_.wait_for(lock, pause, [this] { return stopped_; })) {
        lock.unlock();
        const auto renewed = warehouse_.renew_lease(name_, owner_);
        lock.lock();
        if (!renewed && !retryable(renewed.error().code)) {
            lost_.cancel();
            return;
        }
    }
}

void LeaseHolder::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopped_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

}  // namespace muster
