// A clock that stands still until the test moves it.
#pragma once

#include "core/clock.h"

#include <cstdint>

namespace muster {

class ManualClock final : public Clock {
  public:
    explicit ManualClock(std::int64_t now_us = 1'764'000'000'000'000) : now_us_(now_us) {}
    std::int64_t now_us() const override { return now_us_; }
    std::int64_t monotonic_ns() const override { return now_us_ * 1000; }
    void advance_seconds(std::int64_t seconds) { now_us_ += seconds * 1'000'000; }

  private:
    std::int64_t now_us_;
};

}  // namespace muster
