// How far the clock of a server is from ours, by the Date headers of its answers. Thread-safe.
#pragma once

#include "core/clock.h"

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include "aws/http_client.h"

namespace muster {

class ClockDifference {
  public:
    // An answer without a date changes nothing.
    void note(const HttpAnswer& answer, const Clock& clock);
    // The server's clock minus ours; nothing before the first answer.
    std::optional<std::int64_t> ahead_ms() const;

  private:
    static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> ahead_ms_{kUnknown};
};

}  // namespace muster
