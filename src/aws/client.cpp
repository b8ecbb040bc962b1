#include "aws/client.h"

#include "core/text.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>

#include "aws/detail/signed_post.h"
#include "aws/xml.h"

namespace muster {
namespace {

constexpr std::int64_t kMillisecondsPerSecond = 1'000;
constexpr int kStatusForbidden = 403;

// "com.amazonaws.redshiftdata#ValidationException:http://..." is a ValidationException.
std::string bare_code(std::string_view code) {
    code = code.substr(0, code.find(':'));
    const std::size_t hash = code.rfind('#');
    return std::string{hash == code.npos ? code : code.substr(hash + 1)};
}

void read_xml_error(const HttpAnswer& http, AwsAnswer& answer) {
    AwsErrorText error = parse_error_response(http.body);
    answer.code = std::move(error.code);
    answer.message = std::move(error.message);
}

void read_json_error(const HttpAnswer& http, AwsAnswer& answer) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(http.body).get_object().get(object) == simdjson::SUCCESS) {
        std::string_view text;
        if (object["__type"].get_string().get(text) == simdjson::SUCCESS) {
            answer.code = bare_code(text);
        }
        for (const char* name : {"message", "Message"}) {
            if (object[name].get_string().get(text) == simdjson::SUCCESS) {
                answer.message = std::string{text};
            }
        }
    } else {
        read_xml_error(http, answer);  // of what stands before the service
    }
    if (const std::string& type = http.header("x-amzn-errortype"); !type.empty()) {
        answer.code = bare_code(type);
    }
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

bool token_expired(std::string_view code) {
    return is_one_of(code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"});
}

AwsClient::AwsClient(const AwsService& service, const AwsAccess& access, const Clock& clock)
    : service_(service),
      profile_(load_aws_profile(access.environment, access.profile)),
      region_(aws_region(access.region, access.environment, profile_)),
      clock_(clock),
      endpoint_(
          service_endpoint(service.name, service.variable, region_, access.environment, profile_)),
      http_(ca_file_of(access.environment, profile_), nullptr),
      chain_(http_, clock, access.environment, profile_, !access.profile.empty(), region_) {
    auto address = parse_endpoint(endpoint_);
    if (!address) {
        refusal_ = Error{.code = ErrorCode::kUsage,
                         .message = fmt::format(
                             "the endpoint of {} is '{}'", service.name, printable(endpoint_)),
                         .hint = fmt::format("set AWS_ENDPOINT_URL_{} to https://HOST or "
                                             "http://HOST:PORT",
                                             service.variable)};
        return;
    }
    address_ = *std::move(address);
    if (auto read = read_attempts(access.environment, profile_, retry_); !read.ok()) {
        refusal_ = std::move(read).error();
    }
}

std::string AwsClient::place(const std::string& operation) const {
    return fmt::format("{} at {}", operation, address_.host);
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
    return signed_post(address_,
                       message.headers,
                       message.body,
                       {.region = region_, .service = service_.name, .now_us = clock_.now_us()},
                       credentials.key);
}

AwsAnswer AwsClient::answered(HttpAnswer http, int attempts) {
    clock_difference_.note(http, clock_);
    AwsAnswer answer{
        .status = http.status, .body = {}, .code = {}, .message = {}, .attempts = attempts};
    if (!answer.ok() && service_.target[0] != '\0') {
        read_json_error(http, answer);
    } else if (!answer.ok()) {
        read_xml_error(http, answer);
    }
    answer.body = std::move(http.body);
    return answer;
}

Result<AwsAnswer> AwsClient::send(const Message& message, const CancelToken* cancel) {
    if (refusal_) {
        return *refusal_;
    }
    const CancelToken* cuts = message.whole ? nullptr : cancel;
    bool renewed = false;
    for (int attempt = 1;; ++attempt) {
        MUSTER_ASSIGN(const AwsCredentials credentials, chain_.get(cuts));
        HttpRequest request = signed_request(message, credentials);
        request.cancel = cuts;
        HttpOutcome outcome = http_.send(request);
        const bool last = attempt >= retry_.attempts_max;
        std::int64_t pause_ms = backoff_ms(retry_, attempt, random_fraction());
        if (outcome.failure != nullptr) {
            if (last || !passes_by_itself(outcome.failure->kind)) {
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
    const std::string source = chain_.source();
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
