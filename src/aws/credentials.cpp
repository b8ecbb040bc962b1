#include "aws/credentials.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <cstdio>
#include <ctime>

#include "aws/xml.h"

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
// New ones are fetched this long before the old ones end, as the instance metadata has them.
constexpr std::int64_t kRefreshBeforeUs = 300 * kMicrosecondsPerSecond;
constexpr std::int64_t kServiceTimeoutMs = 2'000;
constexpr int kServiceAttempts = 3;
constexpr int kStatusOk = 200;
constexpr int kStatusNotFound = 404;
constexpr int kStatusServerFault = 500;

constexpr std::string_view kMetadataEndpoint = "http://169.254.169.254";
constexpr std::string_view kContainerEndpoint = "http://169.254.170.2";

std::string first_line(std::string text) {
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    return text;
}

std::optional<AwsCredentials> parse_sts_credentials(std::string_view body) {
    const auto text = [body](const char* name) {
        return xml_text_at(body, {"AssumeRoleWithWebIdentityResult", "Credentials", name})
            .value_or("");
    };
    AwsCredentials found;
    found.key = {text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken")};
    found.expires_at_us = parse_utc_us(text("Expiration")).value_or(0);
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

// A few tries, since services of the machine answer at once or not at all.
HttpOutcome ask(HttpClient& http, const HttpRequest& request) {
    HttpOutcome outcome;
    for (int attempt = 0; attempt < kServiceAttempts; ++attempt) {
        outcome = http.send(request);
        const bool cancelled =
            outcome.failure != nullptr && outcome.failure->kind == HttpFailure::Kind::kCancelled;
        if (cancelled || (outcome.failure == nullptr && outcome.answer.status < 500)) {
            break;
        }
    }
    return outcome;
}

Error did_not_answer(const std::string& source, const HttpOutcome& outcome) {
    if (outcome.failure != nullptr && outcome.failure->kind == HttpFailure::Kind::kCancelled) {
        return {.code = ErrorCode::kCancelled, .message = "stopped on request"};
    }
    return {.code = ErrorCode::kUnavailable,
            .message = fmt::format("no credentials: {} {}",
                                   source,
                                   outcome.failure != nullptr
                                       ? "did not answer (" + outcome.failure->what + ")"
                                       : fmt::format("answered {}", outcome.answer.status)),
            .hint = "check the role of this machine or container, then run again"};
}

}  // namespace

std::optional<std::int64_t> parse_utc_us(const std::string& text) {
    std::tm parts{};
    if (std::sscanf(text.c_str(),
                    "%4d-%2d-%2dT%2d:%2d:%2d",
                    &parts.tm_year,
                    &parts.tm_mon,
                    &parts.tm_mday,
                    &parts.tm_hour,
                    &parts.tm_min,
                    &parts.tm_sec) != 6) {
        return std::nullopt;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return static_cast<std::int64_t>(timegm(&parts)) * kMicrosecondsPerSecond;
}

std::optional<AwsCredentials> parse_credentials_json(const std::string& json) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(json).get_object().get(object) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    const auto text = [&object](std::string_view name) {
        std::string_view value;
        return object[name].get_string().get(value) == simdjson::SUCCESS ? std::string{value}
                                                                         : std::string{};
    };
    AwsCredentials found;
    found.key = {text("AccessKeyId"), text("SecretAccessKey"), text("Token")};
    found.expires_at_us = parse_utc_us(text("Expiration")).value_or(0);
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

CredentialChain::CredentialChain(HttpClient& http,
                                 const Clock& clock,
                                 Environment environment,
                                 AwsProfile profile,
                                 bool profile_given,
                                 std::string region)
    : http_(http),
      clock_(clock),
      environment_(std::move(environment)),
      profile_(std::move(profile)),
      profile_given_(profile_given),
      region_(std::move(region)) {}

Result<AwsCredentials> CredentialChain::get(const CancelToken* cancel) {
    const std::lock_guard lock{mutex_};
    const std::int64_t now_us = clock_.now_us();
    const bool ends = current_ && current_->expires_at_us != 0;
    if (current_ && (!ends || current_->expires_at_us - kRefreshBeforeUs > now_us)) {
        return *current_;
    }
    auto found = find(cancel);
    if ((!found.ok() || !*found) && ends && current_->expires_at_us > now_us) {
        return *current_;  // still good; the next request looks again
    }
    if (!found.ok()) {
        return std::move(found).error();
    }
    if (!*found) {
        return Error{.code = ErrorCode::kUsage,
                     .message = profile_given_ || !variable(environment_, "AWS_PROFILE").empty()
                                    ? fmt::format("profile '{}' has no credentials in {}",
                                                  profile_.name,
                                                  profile_.files)
                                    : "no credentials of AWS were found",
                     .hint =
                         "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile to "
                         "~/.aws/credentials, or give this machine a role"};
    }
    current_ = **found;
    source_ = current_->source;
    return *current_;
}

std::string CredentialChain::source() {
    const std::lock_guard lock{mutex_};
    return source_;
}

bool CredentialChain::expired(const SigningKey& key) {
    const std::lock_guard lock{mutex_};
    if (!current_ || current_->key.access_key_id != key.access_key_id ||
        current_->key.session_token != key.session_token) {
        return true;  // another thread has newer ones
    }
    const bool renewable = current_->expires_at_us != 0 || current_->source != "the environment";
    if (renewable) {
        current_.reset();
    }
    return renewable;
}

Result<std::optional<AwsCredentials>> CredentialChain::find(const CancelToken* cancel) {
    if (!profile_given_) {
        if (auto found = from_environment()) {
            return found;
        }
        MUSTER_ASSIGN(auto web,
                      from_web_identity(variable(environment_, "AWS_ROLE_ARN"),
                                        variable(environment_, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                                        variable(environment_, "AWS_ROLE_SESSION_NAME"),
                                        "the web identity of the environment",
                                        cancel));
        if (web) {
            return web;
        }
    }
    MUSTER_ASSIGN(auto profile, from_profile(cancel));
    if (profile || profile_given_) {
        return profile;
    }
    MUSTER_ASSIGN(auto container, from_container(cancel));
    if (container) {
        return container;
    }
    return from_instance(cancel);
}

std::optional<AwsCredentials> CredentialChain::from_environment() const {
    AwsCredentials found;
    found.key = {variable(environment_, "AWS_ACCESS_KEY_ID"),
                 variable(environment_, "AWS_SECRET_ACCESS_KEY"),
                 variable(environment_, "AWS_SESSION_TOKEN")};
    found.source = "the environment";
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

Result<std::optional<AwsCredentials>> CredentialChain::from_profile(const CancelToken* cancel) {
    if (!profile_.found) {
        return std::optional<AwsCredentials>{};
    }
    MUSTER_ASSIGN(auto web,
                  from_web_identity(profile_.value("role_arn"),
                                    profile_.value("web_identity_token_file"),
                                    profile_.value("role_session_name"),
                                    "the web identity of profile " + profile_.name,
                                    cancel));
    if (web) {
        return web;
    }
    for (const char* key : {"role_arn", "credential_process", "sso_session", "sso_start_url"}) {
        if (!profile_.value(key).empty() && profile_.value("aws_access_key_id").empty()) {
            return Error{.code = ErrorCode::kUsage,
                         .message = fmt::format(
                             "profile '{}' uses {}, which is not supported", profile_.name, key),
                         .hint =
                             "run `aws configure export-credentials --format env` and set what "
                             "it prints"};
        }
    }
    AwsCredentials found;
    found.key = {profile_.value("aws_access_key_id"),
                 profile_.value("aws_secret_access_key"),
                 profile_.value("aws_session_token")};
    found.source = "profile " + profile_.name;
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::optional<AwsCredentials>{};
    }
    return std::optional{std::move(found)};
}

Result<std::optional<AwsCredentials>> CredentialChain::from_web_identity(
    const std::string& role,
    const std::string& token_file,
    const std::string& session,
    const std::string& source,
    const CancelToken* cancel) {
    if (role.empty() || token_file.empty()) {
        return std::optional<AwsCredentials>{};
    }
    MUSTER_ASSIGN(const std::string token, read_small_file(token_file));
    std::string endpoint = variable(environment_, "AWS_ENDPOINT_URL_STS");
    if (endpoint.empty()) {
        endpoint = region_.empty() ? "https://sts.amazonaws.com"
                                   : fmt::format("https://sts.{}.amazonaws.com", region_);
    }
    const std::string body =
        canonical_query({{"Action", "AssumeRoleWithWebIdentity"},
                         {"Version", "2011-06-15"},
                         {"RoleArn", role},
                         {"RoleSessionName", session.empty() ? "muster" : session},
                         {"WebIdentityToken", first_line(token)}});
    const HttpOutcome outcome =
        ask(http_,
            {.method = "POST",
             .url = endpoint + "/",
             .headers = {{"content-type", "application/x-www-form-urlencoded"}},
             .body = body,
             .into = {},
             .cancel = cancel});
    if (outcome.failure != nullptr || outcome.answer.status >= 500) {
        return did_not_answer("STS at " + endpoint, outcome);
    }
    auto parsed = parse_sts_credentials(outcome.answer.body);
    if (outcome.answer.status != kStatusOk || !parsed) {
        const AwsErrorText error = parse_error_response(outcome.answer.body);
        return Error{
            .code = ErrorCode::kUsage,
            .message =
                fmt::format("STS refused role {}: {} {}",
                            role,
                            error.code.empty() ? std::to_string(outcome.answer.status) : error.code,
                            error.message),
            .hint = fmt::format("check the role's trust policy and the token in {}", token_file)};
    }
    parsed->source = source;
    return parsed;
}

Result<std::optional<AwsCredentials>> CredentialChain::from_container(const CancelToken* cancel) {
    const std::string relative = variable(environment_, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::string full = variable(environment_, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty()) {
        return std::optional<AwsCredentials>{};
    }
    HttpRequest request;
    request.cancel = cancel;
    request.url = relative.empty() ? full : std::string{kContainerEndpoint} + relative;
    request.direct = true;
    request.connect_timeout_ms = kServiceTimeoutMs;
    request.silence_timeout_ms = kServiceTimeoutMs;
    std::string token = variable(environment_, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const std::string token_file = variable(environment_, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (!token_file.empty()) {
        MUSTER_ASSIGN(token, read_small_file(token_file));
    }
    if (!token.empty()) {
        request.headers.emplace_back("Authorization", first_line(token));
    }
    const HttpOutcome outcome = ask(http_, request);
    auto found = outcome.failure == nullptr && outcome.answer.status == kStatusOk
                     ? parse_credentials_json(outcome.answer.body)
                     : std::nullopt;
    if (!found) {
        return did_not_answer("the container's credentials endpoint " + request.url, outcome);
    }
    found->source = "the container's role";
    return found;
}

Result<std::optional<AwsCredentials>> CredentialChain::from_instance(const CancelToken* cancel) {
    if (variable(environment_, "AWS_EC2_METADATA_DISABLED") == "true") {
        return std::optional<AwsCredentials>{};
    }
    std::string endpoint = variable(environment_, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (endpoint.empty()) {
        endpoint = kMetadataEndpoint;
    }
    while (endpoint.ends_with('/')) {
        endpoint.pop_back();
    }
    HttpRequest request;
    request.cancel = cancel;
    request.direct = true;
    request.connect_timeout_ms = kServiceTimeoutMs;
    request.silence_timeout_ms = kServiceTimeoutMs;
    request.method = "PUT";
    request.url = endpoint + "/latest/api/token";
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    const HttpOutcome token = http_.send(request);
    const bool ill = token.failure == nullptr && token.answer.status >= kStatusServerFault;
    if (ill || (token.failure != nullptr && token.failure->kind == HttpFailure::Kind::kCancelled)) {
        return did_not_answer("the instance metadata", token);
    }
    if (token.failure != nullptr || token.answer.status != kStatusOk) {
        return std::optional<AwsCredentials>{};  // this is no instance
    }
    request.method = "GET";
    request.headers = {{"X-aws-ec2-metadata-token", token.answer.body}};
    request.url = endpoint + "/latest/meta-data/iam/security-credentials/";
    const HttpOutcome roles = ask(http_, request);
    if (roles.failure == nullptr && roles.answer.status == kStatusNotFound) {
        return std::optional<AwsCredentials>{};  // an instance without a role
    }
    if (roles.failure != nullptr || roles.answer.status != kStatusOk) {
        return did_not_answer("the instance metadata", roles);
    }
    request.url += first_line(roles.answer.body);
    const HttpOutcome outcome = ask(http_, request);
    auto found = outcome.failure == nullptr && outcome.answer.status == kStatusOk
                     ? parse_credentials_json(outcome.answer.body)
                     : std::nullopt;
    if (!found) {
        return did_not_answer("the instance metadata", outcome);
    }
    found->source = "the instance's role";
    return found;
}

}  // namespace muster
