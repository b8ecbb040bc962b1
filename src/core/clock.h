// Time, injected: production code receives a Clock, tests hand in one they move by hand.
#pragma once

#include <cstdint>
#include <string>

namespace muster {

class Clock {
  public:
    virtual ~Clock() = default;
    // Microseconds since 1970-01-01T00:00:00Z.
    virtual std::int64_t now_us() const = 0;
    // Monotonic nanoseconds, for durations only.
    virtual std::int64_t monotonic_ns() const = 0;
};

// The clock of the machine. Stateless and thread-safe.
class SystemClock final : public Clock {
  public:
    std::int64_t now_us() const override;
    std::int64_t monotonic_ns() const override;
};

// RFC 3339 in UTC with microseconds only if they are not zero: 2026-11-24T18:19:37Z.
std::string format_timestamp_us(std::int64_t timestamp_us);

}  // namespace muster
