#include "aws/credentials.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <cstdio>
#include <ctime>

#include "aws/detail/credential_sources.h"

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerMinute = 60;
constexpr std::int64_t kMinutesPerHour = 60;
// New ones are fetched this long before the old ones end, as the instance metadata has them.
constexpr std::int64_t kRefreshBeforeUs = 300 * kMicrosecondsPerSecond;

// Seconds east of UTC that the end of a time says: "Z", "+01:00", "-0530" or nothing.
std::int64_t offset_seconds(std::string_view end) {
    int hours = 0;
    int minutes = 0;
    const std::size_t sign = end.find_first_of("+-");
    if (sign == end.npos) {
        return 0;
    }
    const std::string digits{end.substr(sign + 1)};
    if (std::sscanf(digits.c_str(), "%2d:%2d", &hours, &minutes) != 2 &&
        std::sscanf(digits.c_str(), "%2d%2d", &hours, &minutes) < 1) {
        return 0;
    }
    const std::int64_t east = (hours * kMinutesPerHour + minutes) * kSecondsPerMinute;
    return end[sign] == '-' ? -east : east;
}

}  // namespace

std::optional<std::int64_t> parse_time_us(const std::string& text) {
    std::tm parts{};
    int read = 0;
    if (std::sscanf(text.c_str(),
                    "%4d-%2d-%2dT%2d:%2d:%2d%n",
                    &parts.tm_year,
                    &parts.tm_mon,
                    &parts.tm_mday,
                    &parts.tm_hour,
                    &parts.tm_min,
                    &parts.tm_sec,
                    &read) != 6) {
        return std::nullopt;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const std::string_view end = std::string_view{text}.substr(static_cast<std::size_t>(read));
    return (static_cast<std::int64_t>(timegm(&parts)) - offset_seconds(end)) *
           kMicrosecondsPerSecond;
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
    if (found.key.session_token.empty()) {
        found.key.session_token = text("SessionToken");
    }
    found.expires_at_us = parse_time_us(text("Expiration")).value_or(0);
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

FoundCredentials CredentialChain::find(const CancelToken* cancel) {
    const CredentialSearch search{.http = http_,
                                  .clock = clock_,
                                  .environment = environment_,
                                  .profile = profile_,
                                  .region = region_,
                                  .cancel = cancel};
    if (profile_given_) {
        return profile_credentials(search);
    }
    if (auto found = environment_credentials(environment_)) {
        return found;
    }
    const RoleRequest role{.arn = variable(environment_, "AWS_ROLE_ARN"),
                           .session = variable(environment_, "AWS_ROLE_SESSION_NAME"),
                           .external_id = {},
                           .duration_seconds = {},
                           .source = "the web identity of the environment"};
    const std::string token_file = variable(environment_, "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!role.arn.empty() && !token_file.empty()) {
        return web_identity_role(search, role, token_file);
    }
    for (const auto source : {profile_credentials, container_credentials}) {
        MUSTER_ASSIGN(auto found, source(search));
        if (found) {
            return found;
        }
    }
    return instance_credentials(search);
}

std::optional<AwsCredentials> environment_credentials(const Environment& environment) {
    AwsCredentials found;
    found.key = {variable(environment, "AWS_ACCESS_KEY_ID"),
                 variable(environment, "AWS_SECRET_ACCESS_KEY"),
                 variable(environment, "AWS_SESSION_TOKEN")};
    found.source = "the environment";
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

}  // namespace muster
