#include "aws/client.h"

#include "core/sha256.h"
#include "core/text.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>

#include "aws/xml.h"

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int64_t kMillisecondsPerSecond = 1'000;
constexpr int kStatusForbidden = 403;

std::string endpoint_of(const AwsService& service,
                        const std::string& region,
                        const Environment& environment,
                        const AwsProfile& profile) {
    std::string endpoint;
    if (variable(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true") {
        endpoint = variable(environment, std::string("AWS_ENDPOINT_URL_") + service.variable);
        if (endpoint.empty()) {
            endpoint = variable(environment, "AWS_ENDPOINT_URL");
        }
        if (endpoint.empty()) {
            endpoint = profile.value("endpoint_url");
        }
    }
    if (endpoint.empty()) {
        endpoint = fmt::format("https://{}.{}.amazonaws.com{}",
                               service.name,
                               region,
                               region.starts_with("cn-") ? ".cn" : "");
    }
    while (endpoint.ends_with('/')) {
        endpoint.pop_back();
    }
    return endpoint;
}

std::string ca_file_of(const Environment& environment, const AwsProfile& profile) {
    const std::string given = variable(environment, "AWS_CA_BUNDLE");
    return given.empty() ? profile.value("ca_bundle") : given;
}

// "com.amazonaws.redshiftdata#ValidationException:http://..." is a ValidationException.
std::string bare_code(std::string_view code) {
    code = code.substr(0, code.find(':'));
    const std::size_t hash = code.rfind('#');
    return std::string{hash == code.npos ? code : code.substr(hash + 1)};
}

void read_json_error(const HttpAnswer& http, AwsAnswer& answer) {
    answer.code = bare_code(http.header("x-amzn-errortype"));
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(http.body).get_object().get(object) != simdjson::SUCCESS) {
        return;
    }
    std::string_view text;
    if (answer.code.empty() && object["__type"].get_string().get(text) == simdjson::SUCCESS) {
        answer.code = bare_code(text);
    }
    for (const char* name : {"message", "Message"}) {
        if (object[name].get_string().get(text) == simdjson::SUCCESS) {
            answer.message = std::string{text};
        }
    }
}

bool passes(HttpFailure::Kind kind) {
    using Kind = HttpFailure::Kind;
    return kind == Kind::kConnect || kind == Kind::kBroken || kind == Kind::kMalformed;
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::string aws_region(const std::string& given,
                       const Environment& environment,
                       const AwsProfile& profile) {
    for (const std::string& candidate : {given,
                                         variable(environment, "AWS_REGION"),
                                         variable(environment, "AWS_DEFAULT_REGION"),
                                         profile.value("region")}) {
        if (!candidate.empty()) {
            return candidate;
        }
    }
    return "us-east-1";
}

bool token_expired(std::string_view code) {
    return is_one_of(code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"});
}

AwsClient::AwsClient(const AwsService& service, const AwsAccess& access, const Clock& clock)
    : service_(service),
      profile_(load_aws_profile(access.environment, access.profile)),
      region_(aws_region(access.region, access.environment, profile_)),
      clock_(clock),
      endpoint_(endpoint_of(service, region_, access.environment, profile_)),
      http_(ca_file_of(access.environment, profile_), nullptr),
      chain_(http_, clock, access.environment, profile_, !access.profile.empty(), region_) {
    const std::size_t scheme = endpoint_.find("://");
    if (scheme == endpoint_.npos || !endpoint_.starts_with("http")) {
        refusal_ = Error{.code = ErrorCode::kUsage,
                         .message = fmt::format(
                             "the endpoint of {} is '{}'", service.name, printable(endpoint_)),
                         .hint = fmt::format("set AWS_ENDPOINT_URL_{} to https://HOST or "
                                             "http://HOST:PORT",
                                             service.variable)};
        return;
    }
    host_ = endpoint_.substr(scheme + 3);
    if (auto read = read_attempts(access.environment, profile_, retry_); !read.ok()) {
        refusal_ = std::move(read).error();
    }
}

std::string AwsClient::place(const std::string& operation) const {
    return fmt::format("{} at {}", operation, host_);
}

std::optional<std::int64_t> AwsClient::clock_ahead_ms() const {
    const std::int64_t ahead_ms = ahead_ms_.load(std::memory_order_relaxed);
    return ahead_ms == std::numeric_limits<std::int64_t>::min() ? std::nullopt
                                                                : std::optional{ahead_ms};
}

Result<AwsAnswer> AwsClient::send_json(const std::string& operation,
                                       const std::string& body,
                                       const CancelToken* cancel,
                                       bool whole) {
    return send({.operation = operation,
                 .headers = {{"content-type", "application/x-amz-json-1.1"},
                             {"x-amz-target", fmt::format("{}.{}", service_.target, operation)}},
                 .body = body,
                 .whole = whole},
                cancel);
}

Result<AwsAnswer> AwsClient::send_query(const std::string& operation,
                                        NameValues parameters,
                                        const CancelToken* cancel) {
    parameters.emplace_back("Action", operation);
    parameters.emplace_back("Version", service_.version);
    return send({.operation = operation,
                 .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
                 .body = canonical_query(parameters)},
                cancel);
}

HttpRequest AwsClient::signed_request(const Message& message,
                                      const AwsCredentials& credentials) const {
    SigningRequest request{.method = "POST",
                           .path = "/",
                           .query = {},
                           .headers = message.headers,
                           .payload = sha256_hex(message.body)};
    request.headers.emplace_back("host", host_);
    sign_v4(request,
            {.region = region_, .service = service_.name, .now_us = clock_.now_us()},
            credentials.key);
    return {.method = "POST",
            .url = endpoint_ + "/",
            .headers = std::move(request.headers),
            .body = message.body,
            .into = {}};
}

AwsAnswer AwsClient::answered(HttpAnswer http, int attempts) {
    if (const std::int64_t server_s = http.date_seconds(); server_s != 0) {
        const std::int64_t ours_s = clock_.now_us() / kMicrosecondsPerSecond;
        ahead_ms_.store((server_s - ours_s) * kMillisecondsPerSecond, std::memory_order_relaxed);
    }
    AwsAnswer answer{
        .status = http.status, .body = {}, .code = {}, .message = {}, .attempts = attempts};
    if (!answer.ok() && service_.target[0] != '\0') {
        read_json_error(http, answer);
    } else if (!answer.ok()) {
        AwsErrorText error = parse_error_response(http.body);
        answer.code = std::move(error.code);
        answer.message = std::move(error.message);
    }
    answer.body = std::move(http.body);
    return answer;
}

Result<AwsAnswer> AwsClient::send(const Message& message, const CancelToken* cancel) {
    if (refusal_) {
        return *refusal_;
    }
    bool renewed = false;
    for (int attempt = 1;; ++attempt) {
        MUSTER_ASSIGN(const AwsCredentials credentials, chain_.get());
        HttpRequest request = signed_request(message, credentials);
        request.cancel = message.whole ? nullptr : cancel;
        HttpOutcome outcome = http_.send(request);
        const bool last = attempt >= retry_.attempts_max;
        std::int64_t pause_ms = backoff_ms(retry_, attempt, random_fraction());
        if (outcome.failure != nullptr) {
            if (last || !passes(outcome.failure->kind)) {
                return not_answered(message, *outcome.failure, attempt);
            }
        } else {
            pause_ms = std::max(pause_ms, outcome.answer.retry_after_ms());
            AwsAnswer answer = answered(std::move(outcome.answer), attempt);
            if (token_expired(answer.code) && !renewed && chain_.expired(credentials.key)) {
                renewed = true;
                continue;
            }
            if (answer.ok() || last || !passes_by_itself(answer.status, answer.code)) {
                return answer;
            }
        }
        if (!wait_ms(pause_ms, cancel)) {
            return Error{.code = ErrorCode::kCancelled, .message = "stopped on request"};
        }
    }
}

Error AwsClient::not_answered(const Message& message,
                              const HttpFailure& failure,
                              int attempts) const {
    using Kind = HttpFailure::Kind;
    if (failure.kind == Kind::kCancelled) {
        return {.code = ErrorCode::kCancelled, .message = "stopped on request"};
    }
    Error error{
        .code = ErrorCode::kUnavailable,
        .message = fmt::format("{}: {}", place(message.operation), failure.what),
        .hint = fmt::format("check the network, and that {} is reached from here", endpoint_)};
    if (attempts > 1) {
        error.message += fmt::format(", {} times", attempts);
    }
    if (failure.kind == Kind::kTls) {
        error.code = ErrorCode::kIo;
        error.hint =
            "if the server's certificate is signed by an authority of your own, name its file by "
            "AWS_CA_BUNDLE";
    } else if (failure.kind == Kind::kLibrary) {
        error.code = ErrorCode::kUsage;
    }
    return error;
}

Error AwsClient::denied(const std::string& operation, const AwsAnswer& answer) {
    const auto credentials = chain_.get();
    const std::string source = credentials.ok() ? credentials->source : "unknown";
    Error error{.code = ErrorCode::kIo};
    if (answer.message.find("ignature expired") != std::string::npos ||
        answer.message.find("not yet current") != std::string::npos ||
        answer.code == "RequestTimeTooSkewed") {
        const std::int64_t ahead_s = clock_ahead_ms().value_or(0) / kMillisecondsPerSecond;
        error.message = fmt::format("{}: the clock of this machine is {} s {} that of the server",
                                    place(operation),
                                    std::abs(ahead_s),
                                    ahead_s > 0 ? "behind" : "ahead of");
        error.hint = "set the machine's clock (NTP)";
    } else if (token_expired(answer.code)) {
        error.message =
            fmt::format("{}: the session token from {} has expired", place(operation), source);
        error.hint = "get new temporary credentials, then run again";
    } else if (answer.code.starts_with("AccessDenied") || answer.code == "UnauthorizedOperation") {
        error.message = fmt::format("{}: access denied", place(operation));
        if (!answer.message.empty()) {
            error.message += fmt::format(" ({})", printable(answer.message));
        }
        error.hint = fmt::format(
            "give the identity of {} the right {}:{}", source, service_.right, operation);
    } else {
        error.message = fmt::format(
            "{}: the service does not accept the credentials from {}: {}",
            place(operation),
            source,
            answer.code.empty() ? fmt::format("status {}", answer.status) : answer.code);
        error.hint = "check the access key and its secret, and that they belong to this service";
    }
    return error;
}

Error AwsClient::error_of(const std::string& operation, const AwsAnswer& answer) {
    if (answer.status == kStatusForbidden || token_expired(answer.code) ||
        is_one_of(answer.code,
                  {"AccessDenied",
                   "AccessDeniedException",
                   "IncompleteSignature",
                   "InvalidClientTokenId",
                   "InvalidSignatureException",
                   "MissingAuthenticationToken",
                   "MissingAuthenticationTokenException",
                   "RequestTimeTooSkewed",
                   "SignatureDoesNotMatch",
                   "UnrecognizedClientException"})) {
        return denied(operation, answer);
    }
    std::string words = answer.code.empty() ? fmt::format("status {}", answer.status) : answer.code;
    if (!answer.message.empty()) {
        words += " (" + printable(answer.message) + ")";
    }
    Error error{.code = ErrorCode::kIo, .message = fmt::format("{}: {}", place(operation), words)};
    if (passes_by_itself(answer.status, answer.code)) {
        error.code = ErrorCode::kUnavailable;
        error.message += fmt::format(", {} times", answer.attempts);
        error.hint = "the service is overloaded or ill: run again later";
    } else if (answer.code.find("NotFound") != std::string::npos) {
        error.code = ErrorCode::kUsage;
        error.hint = fmt::format("check the name, and that it is in region {}", region_);
    }
    return error;
}

}  // namespace muster
