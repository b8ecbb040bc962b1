// What S3 answered, or that it did not, in words for the person who runs muster.
#include "core/text.h"
#include "storage/s3/detail/s3_client.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

#include "aws/client.h"

namespace muster {
namespace {

constexpr int kStatusMoved = 301;
constexpr int kStatusTemporary = 307;
constexpr int kStatusBad = 400;
constexpr int kStatusForbidden = 403;
constexpr int kStatusMissing = 404;
constexpr int kStatusConflict = 409;
constexpr int kStatusPrecondition = 412;
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

// The IAM action that an operation needs (S3 user guide, required permissions).
std::string action_of(std::string_view operation) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kActions = {{
        {"ListObjectsV2", "s3:ListBucket"},
        {"HeadObject", "s3:GetObject"},
        {"GetObject", "s3:GetObject"},
        {"DeleteObject", "s3:DeleteObject"},
        {"DeleteObjects", "s3:DeleteObject"},
        {"AbortMultipartUpload", "s3:AbortMultipartUpload"},
        {"PutObject", "s3:PutObject"},
        {"UploadPart", "s3:PutObject"},
        {"CreateMultipartUpload", "s3:PutObject"},
    }};
    for (const auto& [name, action] : kActions) {
        if (name == operation) {
            return std::string{action};
        }
    }
    return "s3:PutObject";
}

std::string in_words(const S3Answer& answer) {
    std::string text = answer.error.code.empty() ? fmt::format("status {}", answer.http.status)
                                                 : answer.error.code;
    if (!answer.error.message.empty()) {
        text += " (" + printable(answer.error.message) + ")";
    }
    return text;
}

}  // namespace

std::string S3Client::place(const S3Call& call) const {
    return fmt::format("s3://{}/{} ({})",
                       address_.bucket,
                       printable(call.key.empty() ? call.prefix : call.key),
                       call.operation);
}

Error S3Client::transport_error(const S3Call& call,
                                const HttpFailure& failure,
                                int attempts) const {
    using Kind = HttpFailure::Kind;
    if (failure.kind == Kind::kCancelled) {
        return {.code = ErrorCode::kCancelled, .message = "stopped on request"};
    }
    Error error{.code = ErrorCode::kUnavailable,
                .message = fmt::format("{}: {}", place(call), failure.what)};
    if (attempts > 1) {
        error.message += fmt::format(", {} times", attempts);
    }
    switch (failure.kind) {
        case Kind::kConnect:
            error.hint = fmt::format("check the network, and that {} is the right endpoint",
                                     address_.base_url);
            break;
        case Kind::kTls:
            error.code = ErrorCode::kIo;
            error.hint =
                "if the server's certificate is signed by an authority of your own, name "
                "its file by AWS_CA_BUNDLE";
            break;
        case Kind::kLibrary:
            error.code = ErrorCode::kUsage;
            break;
        case Kind::kBroken:
        case Kind::kMalformed:
        case Kind::kCancelled:
            error.hint = fmt::format(
                "run again; if it stays, check that {} is an S3 server, and what is between",
                address_.base_url);
            break;
    }
    return error;
}

Error S3Client::wrong_region(const S3Call& call, const std::string& region) const {
    if (region.empty() || region == address_.region) {
        return {.code = ErrorCode::kUsage,
                .message = fmt::format("{}: the bucket is not at {}", place(call), address_.host),
                .hint = "set [s3] region and [s3] endpoint to those of the bucket"};
    }
    return {.code = ErrorCode::kUsage,
            .message = fmt::format("{}: the bucket is in region {}, not {}",
                                   place(call),
                                   printable(region),
                                   address_.region),
            .hint = fmt::format("set [s3] region or AWS_REGION to {}", printable(region))};
}

Error S3Client::denied(const S3Call& call, const S3Answer& answer) {
    const std::string& code = answer.error.code;
    const std::string source = chain_.source();
    Error error{.code = ErrorCode::kIo,
                .message = fmt::format("{}: {}", place(call), in_words(answer))};
    if (code == "RequestTimeTooSkewed") {
        const std::int64_t ahead_s = clock_ahead_ms().value_or(0) / 1000;
        error.message = fmt::format(
            "{}: the clock of this machine says {}, {} s {} that of the server",
            place(call),
            format_timestamp_us(clock_.now_us() / kMicrosecondsPerSecond * kMicrosecondsPerSecond),
            std::abs(ahead_s),
            ahead_s > 0 ? "behind" : "ahead of");
        error.hint = "set the machine's clock (NTP)";
    } else if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" ||
               code == "InvalidToken" || code == "AuthFailure") {
        error.message = fmt::format("{}: the server does not accept the credentials from {}: {}",
                                    place(call),
                                    source,
                                    code);
        error.hint = code == "SignatureDoesNotMatch"
                         ? "check the secret access key"
                         : "check the access key, and that it belongs to this server";
    } else if (token_expired(code)) {
        error.message =
            fmt::format("{}: the session token from {} has expired", place(call), source);
        error.hint = "get new temporary credentials, then run again";
    } else {
        const bool list = std::string_view{call.operation} == "ListObjectsV2";
        error.message = fmt::format("{}: access denied", place(call));
        error.hint = fmt::format("give the identity of {} the right {} on arn:aws:s3:::{}{}",
                                 source,
                                 action_of(call.operation),
                                 address_.bucket,
                                 list ? fmt::format(" (prefix '{}')", printable(call.prefix))
                                      : "/" + printable(call.key));
    }
    return error;
}

Error S3Client::error_of(const S3Call& call, const S3Answer& answer) {
    const int status = answer.http.status;
    const std::string& code = answer.error.code;
    const std::string region = answer.http.header(kBucketRegionHeader).empty()
                                   ? answer.error.region
                                   : answer.http.header(kBucketRegionHeader);
    if (code == "NoSuchBucket") {
        return {.code = ErrorCode::kNotFound,
                .message = fmt::format("{}: there is no bucket '{}'", place(call), address_.bucket),
                .hint = fmt::format("check its name, and that it is at {}", address_.host)};
    }
    if (status == kStatusMoved || status == kStatusTemporary || code == "PermanentRedirect" ||
        code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException" ||
        (status == kStatusBad && !region.empty() && region != address_.region)) {
        return wrong_region(call, region);
    }
    if (status == kStatusForbidden || token_expired(code) || code == "InvalidToken" ||
        code == "RequestTimeTooSkewed") {
        return denied(call, answer);
    }
    if (status == kStatusPrecondition) {
        return {
            .code = ErrorCode::kConflict,
            .message = fmt::format("{}: it is not the object that was seen before", place(call)),
            .hint = "somebody replaced it meanwhile: run again"};
    }
    if (status == kStatusMissing) {
        return {.code = ErrorCode::kNotFound,
                .message = fmt::format("{}: there is no such object", place(call))};
    }
    Error error{.code = ErrorCode::kIo,
                .message = fmt::format("{}: {}", place(call), in_words(answer))};
    if (passes_by_itself(status, code)) {
        error.code = ErrorCode::kUnavailable;
        error.message += fmt::format(", {} times", answer.attempts);
        error.hint = "the server is overloaded or ill: run again later";
    } else if (status == kStatusConflict) {
        error.code = ErrorCode::kConflict;
    } else if (code.find("KMS") != code.npos) {
        error.hint = "check [s3] kms_key and the rights to use it";
    } else if (code.empty()) {
        error.hint = fmt::format("check that {} is an S3 server", address_.base_url);
    }
    return error;
}

}  // namespace muster
