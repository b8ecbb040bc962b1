// A request to stop, shared between the thread that asks and those that work. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

namespace muster {

class CancelToken {
  public:
    CancelToken() = default;
    // Also cancelled when `parent` is, which must outlive it; null is allowed.
    explicit CancelToken(const CancelToken* parent) : parent_(parent) {}
    // And once this moment has passed.
    CancelToken(const CancelToken* parent, std::chrono::steady_clock::time_point deadline)
        : parent_(parent), deadline_(deadline) {}

    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const noexcept {
        return cancelled_.load(std::memory_order_relaxed) ||
               (parent_ != nullptr && parent_->cancelled()) ||
               (deadline_ && std::chrono::steady_clock::now() >= *deadline_);
    }

  private:
    const CancelToken* parent_ = nullptr;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::atomic<bool> cancelled_{false};
};

}  // namespace muster
