// A request to stop, shared between the thread that asks and those that work. Thread-safe.
#pragma once

#include <atomic>

namespace muster {

class CancelToken {
  public:
    CancelToken() = default;
    // Also cancelled when `parent` is, which must outlive it; null is allowed.
    explicit CancelToken(const CancelToken* parent) : parent_(parent) {}

    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const noexcept {
        return cancelled_.load(std::memory_order_relaxed) ||
               (parent_ != nullptr && parent_->cancelled());
    }

  private:
    const CancelToken* parent_ = nullptr;
    std::atomic<bool> cancelled_{false};
};

}  // namespace muster
