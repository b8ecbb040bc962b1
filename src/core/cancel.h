// A request to stop, shared between the thread that asks and those that work. Thread-safe.
#pragma once

#include <atomic>

namespace muster {

class CancelToken {
  public:
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> cancelled_{false};
};

}  // namespace muster
