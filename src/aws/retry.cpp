#include "aws/retry.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <random>
#include <thread>

namespace muster {
namespace {

constexpr std::int64_t kLookMs = 20;
constexpr int kDoublingsMax = 30;
constexpr int kAttemptsLimit = 100;

// Codes of answers that are no 5xx but pass as well (S3 API reference, error responses).
constexpr std::array<std::string_view, 11> kPassing = {
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "PriorRequestNotComplete",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
};

}  // namespace

Result<void> read_attempts(const Environment& environment,
                           const AwsProfile& profile,
                           RetryPolicy& retry) {
    std::string text = variable(environment, "AWS_MAX_ATTEMPTS");
    if (text.empty()) {
        text = profile.value("max_attempts");
    }
    if (text.empty()) {
        return {};
    }
    const auto [end, status] =
        std::from_chars(text.data(), text.data() + text.size(), retry.attempts_max);
    if (status != std::errc{} || end != text.data() + text.size() || retry.attempts_max < 1 ||
        retry.attempts_max > kAttemptsLimit) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("AWS_MAX_ATTEMPTS is '{}'", text),
                     .hint = fmt::format("give a number from 1 to {}", kAttemptsLimit)};
    }
    return {};
}

std::int64_t backoff_ms(const RetryPolicy& policy, int attempt, double random) {
    const int doublings = std::clamp(attempt - 1, 0, kDoublingsMax);
    const std::int64_t bound = std::min(policy.bound_ms, policy.base_ms << doublings);
    return static_cast<std::int64_t>(static_cast<double>(bound) * random);
}

double random_fraction() {
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
}

bool passes_by_itself(int status, std::string_view code) {
    // 501 says that the server cannot do it at all.
    return (status >= 500 && status != 501) || status == 429 || status == 408 ||
           std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

bool passes_by_itself(HttpFailure::Kind kind) {
    using Kind = HttpFailure::Kind;
    return kind == Kind::kConnect || kind == Kind::kBroken || kind == Kind::kMalformed;
}

bool wait_ms(std::int64_t ms, const CancelToken* cancel) {
    while (ms > 0 && (cancel == nullptr || !cancel->cancelled())) {
        const std::int64_t step = cancel == nullptr ? ms : std::min(ms, kLookMs);
        std::this_thread::sleep_for(std::chrono::milliseconds{step});
        ms -= step;
    }
    return cancel == nullptr || !cancel->cancelled();
}

}  // namespace muster
