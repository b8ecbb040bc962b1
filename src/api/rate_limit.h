// Requests per minute and caller, as a bucket that refills steadily (draft-ietf-httpapi-ratelimit).
// Bounded memory, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace muster {

struct RateDecision {
    bool allowed = true;
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    std::int64_t reset_seconds = 0;  // until the bucket is full again
    std::int64_t retry_seconds = 0;  // until the next request is allowed
};

class RateLimit {
  public:
    // 0 = no limit.
    explicit RateLimit(std::int64_t per_minute) : per_minute_(per_minute) {}

    std::int64_t per_minute() const { return per_minute_; }
    RateDecision take(std::string_view caller, std::int64_t now_ns);

    static constexpr std::size_t kCallersMax = 10'000;

  private:
    struct Bucket {
        double level = 0;  // requests taken that have not flowed off yet
        std::int64_t at_ns = 0;
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    const std::int64_t per_minute_;
    std::mutex mutex_;
    std::unordered_map<std::string, Bucket, Hash, std::equal_to<>> buckets_;
};

}  // namespace muster
