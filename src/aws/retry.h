// When a request is tried again, and how long is waited: exponential backoff with full jitter, a
// random part of a bound that doubles, so that many clients do not come back together.
#pragma once

#include "core/cancel.h"
#include "core/result.h"

#include <cstdint>
#include <string_view>

#include "aws/http_client.h"
#include "aws/profile.h"

namespace muster {

struct RetryPolicy {
    int attempts_max = 8;  // the first one included
    std::int64_t base_ms = 100;
    std::int64_t bound_ms = 10'000;
};

// Sets attempts_max by AWS_MAX_ATTEMPTS or the profile's max_attempts, if they say anything. kUsage
// if it is no number from 1 to 100.
Result<void> read_attempts(const Environment& environment,
                           const AwsProfile& profile,
                           RetryPolicy& retry);

// The wait before attempt `attempt` + 1, for `random` in [0, 1).
std::int64_t backoff_ms(const RetryPolicy& policy, int attempt, double random);

// A number in [0, 1); thread-safe.
double random_fraction();

// Whether an answer with this status and error code may be another one next time.
bool passes_by_itself(int status, std::string_view code);
// The same for what came instead of an answer.
bool passes_by_itself(HttpFailure::Kind kind);

// False if it was cancelled meanwhile, at once.
bool wait_ms(std::int64_t ms, const CancelToken* cancel);

}  // namespace muster
