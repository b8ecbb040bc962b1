#include "api/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace muster {

RateDecision RateLimit::take(std::string_view caller, std::int64_t now_ns) {
    RateDecision decision;
    decision.limit = per_minute_;
    if (per_minute_ <= 0) {
        return decision;
    }
    const double per_second = static_cast<double>(per_minute_) / 60.0;
    const std::lock_guard lock{mutex_};
    auto found = buckets_.find(caller);
    if (found == buckets_.end()) {
        if (buckets_.size() >= kCallersMax) {
            // Empty buckets say nothing that a new one would not say as well.
            std::erase_if(buckets_, [&](const auto& entry) {
                const auto age = static_cast<double>(now_ns - entry.second.at_ns) * 1e-9;
                return entry.second.level <= age * per_second;
            });
        }
        if (buckets_.size() >= kCallersMax) {
            buckets_.erase(buckets_.begin());
        }
        found = buckets_.emplace(std::string{caller}, Bucket{0, now_ns}).first;
    }
    Bucket& bucket = found->second;
    const double elapsed =
        static_cast<double>(std::max<std::int64_t>(0, now_ns - bucket.at_ns)) * 1e-9;
    bucket.level = std::max(0.0, bucket.level - elapsed * per_second);
    bucket.at_ns = now_ns;
    const auto limit = static_cast<double>(per_minute_);
    decision.allowed = bucket.level + 1 <= limit;
    if (decision.allowed) {
        bucket.level += 1;
    }
    decision.remaining = static_cast<std::int64_t>(limit - bucket.level);
    decision.reset_seconds = static_cast<std::int64_t>(std::ceil(bucket.level / per_second));
    decision.retry_seconds =
        static_cast<std::int64_t>(std::ceil(std::max(0.0, bucket.level + 1 - limit) / per_second));
    return decision;
}

}  // namespace muster
