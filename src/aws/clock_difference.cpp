#include "aws/clock_difference.h"

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int64_t kMillisecondsPerSecond = 1'000;

}  // namespace

void ClockDifference::note(const HttpAnswer& answer, const Clock& clock) {
    if (const std::int64_t server_s = answer.date_seconds(); server_s != 0) {
        const std::int64_t ours_s = clock.now_us() / kMicrosecondsPerSecond;
        ahead_ms_.store((server_s - ours_s) * kMillisecondsPerSecond, std::memory_order_relaxed);
    }
}

std::optional<std::int64_t> ClockDifference::ahead_ms() const {
    const std::int64_t ahead_ms = ahead_ms_.load(std::memory_order_relaxed);
    return ahead_ms == kUnknown ? std::nullopt : std::optional{ahead_ms};
}

}  // namespace muster
