// Credentials that the machine gives: the container's endpoint, and instance metadata version 2.
#include <fmt/core.h>

#include "aws/detail/credential_sources.h"

namespace muster {
namespace {

constexpr std::int64_t kServiceTimeoutMs = 2'000;
constexpr int kAttempts = 3;
constexpr int kStatusOk = 200;
constexpr int kStatusNotFound = 404;
constexpr int kStatusServerFault = 500;

constexpr const char* kCheckRole = "check the role of this machine or container, then run again";
constexpr std::string_view kMetadataEndpoint = "http://169.254.169.254";
constexpr std::string_view kContainerEndpoint = "http://169.254.170.2";

HttpRequest to_this_machine(const CredentialSearch& search, std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    request.cancel = search.cancel;
    request.direct = true;
    request.connect_timeout_ms = kServiceTimeoutMs;
    request.silence_timeout_ms = kServiceTimeoutMs;
    return request;
}

bool was_cancelled(const HttpOutcome& outcome) {
    return outcome.failure != nullptr && outcome.failure->kind == HttpFailure::Kind::kCancelled;
}

bool answered_ok(const HttpOutcome& outcome) {
    return outcome.failure == nullptr && outcome.answer.status == kStatusOk;
}

// `place`: for messages.
FoundCredentials credentials_at(const CredentialSearch& search,
                                const HttpRequest& request,
                                const std::string& place,
                                const char* source) {
    const HttpOutcome outcome = ask_for_credentials(search.http, request);
    auto found = answered_ok(outcome) ? parse_credentials_json(outcome.answer.body) : std::nullopt;
    if (!found) {
        return no_credentials_from(place, outcome, kCheckRole);
    }
    found->source = source;
    return found;
}

}  // namespace

HttpOutcome ask_for_credentials(HttpClient& http, const HttpRequest& request) {
    HttpOutcome outcome;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        outcome = http.send(request);
        if (was_cancelled(outcome) ||
            (outcome.failure == nullptr && outcome.answer.status < kStatusServerFault)) {
            break;
        }
    }
    return outcome;
}

Error no_credentials_from(const std::string& source, const HttpOutcome& outcome, std::string hint) {
    if (was_cancelled(outcome)) {
        return {.code = ErrorCode::kCancelled, .message = "stopped on request"};
    }
    return {.code = ErrorCode::kUnavailable,
            .message = fmt::format("no credentials: {} {}",
                                   source,
                                   outcome.failure != nullptr
                                       ? "did not answer (" + outcome.failure->what + ")"
                                       : fmt::format("answered {}", outcome.answer.status)),
            .hint = std::move(hint)};
}

FoundCredentials container_credentials(const CredentialSearch& search) {
    const auto value = [&search](const char* name) {
        return variable(search.environment, std::string{"AWS_CONTAINER_"} + name);
    };
    const std::string relative = value("CREDENTIALS_RELATIVE_URI");
    const std::string full = value("CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty()) {
        return std::optional<AwsCredentials>{};
    }
    HttpRequest request = to_this_machine(
        search, relative.empty() ? full : std::string{kContainerEndpoint} + relative);
    std::string token = value("AUTHORIZATION_TOKEN");
    const std::string token_file = value("AUTHORIZATION_TOKEN_FILE");
    if (!token_file.empty()) {
        MUSTER_ASSIGN(token, read_small_file(token_file));
    }
    if (!token.empty()) {
        request.headers.emplace_back("Authorization", first_line(token));
    }
    return credentials_at(search,
                          request,
                          "the container's credentials endpoint " + request.url,
                          "the container's role");
}

FoundCredentials instance_credentials(const CredentialSearch& search) {
    if (variable(search.environment, "AWS_EC2_METADATA_DISABLED") == "true") {
        return std::optional<AwsCredentials>{};
    }
    std::string endpoint = variable(search.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (endpoint.empty()) {
        endpoint = kMetadataEndpoint;
    }
    while (endpoint.ends_with('/')) {
        endpoint.pop_back();
    }
    const std::string place = "the instance metadata";
    HttpRequest request = to_this_machine(search, endpoint + "/latest/api/token");
    request.method = "PUT";
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    const HttpOutcome token = search.http.send(request);
    if (was_cancelled(token) ||
        (token.failure == nullptr && token.answer.status >= kStatusServerFault)) {
        return no_credentials_from(place, token, kCheckRole);
    }
    if (!answered_ok(token)) {
        return std::optional<AwsCredentials>{};  // this is no instance
    }
    request.method = "GET";
    request.headers = {{"X-aws-ec2-metadata-token", token.answer.body}};
    request.url = endpoint + "/latest/meta-data/iam/security-credentials/";
    const HttpOutcome roles = ask_for_credentials(search.http, request);
    if (roles.failure == nullptr && roles.answer.status == kStatusNotFound) {
        return std::optional<AwsCredentials>{};  // an instance without a role
    }
    if (!answered_ok(roles)) {
        return no_credentials_from(place, roles, kCheckRole);
    }
    request.url += first_line(roles.answer.body);
    return credentials_at(search, request, place, "the instance's role");
}

}  // namespace muster
