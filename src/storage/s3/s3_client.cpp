#include "storage/s3/detail/s3_client.h"

#include "core/sha256.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

#include "aws/client.h"

namespace muster {
namespace {

constexpr std::size_t kProgressBytesMin = 64U << 10;
// An error inside a success that was cut before its code.
constexpr const char* kCutError = "InternalError";
constexpr int kStatusOk = 200;
constexpr int kStatusPartial = 206;
constexpr int kStatusRedirect = 300;

// The rest of a ranged read of which some bytes are there.
S3Call rest_of(const S3Call& call, std::size_t received) {
    S3Call rest = call;
    rest.range->begin += received;
    rest.into = call.into.subspan(received);
    rest.headers.emplace_back(
        "range",
        fmt::format("bytes={}-{}", rest.range->begin, rest.range->begin + rest.into.size() - 1));
    return rest;
}

// Turns a success that does not hold just the bytes asked for into a failure; bytes of another
// range do not count as received.
void check_range(const S3Call& call, HttpOutcome& outcome) {
    const HttpAnswer& answer = outcome.answer;
    if (answer.status != kStatusOk && answer.status != kStatusPartial) {
        return;
    }
    const std::uint64_t begin = call.range->begin;
    const bool whole =
        answer.status == kStatusOk && begin == 0 && call.range->object_bytes == call.into.size();
    const std::string wanted = fmt::format(
        "bytes {}-{}/{}", begin, begin + call.into.size() - 1, call.range->object_bytes);
    if (!whole && answer.header("content-range") != wanted) {
        outcome.failure = std::make_unique<HttpFailure>(
            HttpFailure{HttpFailure::Kind::kMalformed,
                        fmt::format("the server sent '{}' instead of '{}'",
                                    printable(answer.header("content-range")),
                                    wanted),
                        0});
    } else if (outcome.failure == nullptr && answer.received < call.into.size()) {
        outcome.failure = std::make_unique<HttpFailure>(HttpFailure{
            HttpFailure::Kind::kBroken,
            fmt::format("the server sent {} of {} bytes", answer.received, call.into.size()),
            answer.received});
    }
}

void check_whole(const S3Call& call, HttpOutcome& outcome) {
    if (outcome.failure == nullptr && call.whole != nullptr && outcome.answer.status == kStatusOk &&
        !call.whole(outcome.answer.body)) {
        outcome.failure = std::make_unique<HttpFailure>(
            HttpFailure{HttpFailure::Kind::kMalformed, "the answer is cut, or none of S3", 0});
    }
}

}  // namespace

S3Client::S3Client(S3Address address,
                   Environment environment,
                   AwsProfile profile,
                   bool profile_given,
                   const Clock& clock,
                   const CancelToken* cancel)
    : address_(std::move(address)),
      clock_(clock),
      cancel_(cancel),
      http_(address_.ca_file, cancel),
      chain_(http_,
             clock,
             std::move(environment),
             std::move(profile),
             profile_given,
             address_.aws ? address_.region : "") {}

HttpRequest S3Client::signed_request(const S3Call& call, const AwsCredentials& credentials) const {
    SigningRequest request{.method = call.method,
                           .path = address_.path + uri_encode(call.key, true),
                           .query = call.query,
                           .headers = call.headers,
                           .payload = sha256_hex(call.body)};
    request.headers.emplace_back("host", address_.host);
    request.headers.emplace_back("x-amz-content-sha256", request.payload);
    sign_v4(request,
            {.region = address_.region, .service = "s3", .now_us = clock_.now_us()},
            credentials.key);
    const std::string query = canonical_query(call.query);
    return {.method = call.method,
            .url = address_.base_url + request.path + (query.empty() ? "" : "?" + query),
            .headers = std::move(request.headers),
            .body = call.body,
            .into = call.into,
            .despite_cancel = call.cleanup};
}

// One call on its way: what was done so far, and how often.
struct S3Client::Progress {
    int attempt = 1;
    std::size_t received = 0;  // of a ranged read
    bool renewed = false;      // the credentials
};

Result<S3Answer> S3Client::send(const S3Call& call) {
    Progress progress;
    for (;; ++progress.attempt) {
        MUSTER_ASSIGN(const AwsCredentials credentials, chain_.get());
        const S3Call part = call.range ? rest_of(call, progress.received) : call;
        HttpOutcome outcome = http_.send(signed_request(part, credentials));
        const bool cancelled = cancel_ != nullptr && cancel_->cancelled();
        const bool last =
            progress.attempt >= address_.retry.attempts_max || (cancelled && call.cleanup);
        if (call.range && !cancelled) {
            check_range(part, outcome);
        }
        check_whole(call, outcome);
        std::int64_t pause_ms = backoff_ms(address_.retry, progress.attempt, random_fraction());
        if (outcome.failure != nullptr) {
            if (last || !passes_by_itself(outcome.failure->kind)) {
                return transport_error(call, *outcome.failure, progress.attempt);
            }
            if (call.range && outcome.failure->received >= kProgressBytesMin) {
                // The last byte is fetched again: a read is over when an answer says so.
                progress.received += std::min(outcome.failure->received, part.into.size() - 1);
                progress.attempt = 0;  // it does go on
            }
        } else {
            S3Answer answer = answered(std::move(outcome.answer), progress);
            if (token_expired(answer.error.code) && !progress.renewed &&
                chain_.expired(credentials.key)) {
                progress.renewed = true;
                continue;
            }
            if (last || !passes_by_itself(answer.http.status, answer.error.code)) {
                return answer;
            }
            pause_ms = std::max(pause_ms, answer.http.retry_after_ms());
        }
        if (!wait_ms(pause_ms, cancel_)) {
            return Error{.code = ErrorCode::kCancelled, .message = "stopped on request"};
        }
    }
}

S3Answer S3Client::answered(HttpAnswer http, const Progress& progress) {
    clock_difference_.note(http, clock_);
    S3Answer answer{.http = std::move(http), .error = {}, .attempts = progress.attempt};
    // A success may hold an error as well: CompleteMultipartUpload begins its answer early.
    if (answer.http.status >= kStatusRedirect ||
        answer.http.body.find("<Error") != std::string::npos) {
        answer.error = parse_s3_error(answer.http.body);
        if (answer.ok()) {
            answer.error.code = kCutError;
        }
    }
    return answer;
}

Result<S3Answer> S3Client::call(const S3Call& call) {
    MUSTER_ASSIGN(S3Answer answer, send(call));
    if (!answer.ok()) {
        return error_of(call, answer);
    }
    return answer;
}

}  // namespace muster
