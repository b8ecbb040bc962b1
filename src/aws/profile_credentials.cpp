// Credentials that a profile of the shared configuration files leads to, as the "Assume role
// credential provider" and "Process credential provider" chapters of the AWS SDKs guide have it.
#include "core/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "aws/detail/credential_sources.h"
#include "aws/detail/program_output.h"

namespace muster {
namespace {

constexpr std::chrono::minutes kProcessTimeMax{1};
constexpr std::size_t kProcessBytesMax = 64U << 10;
constexpr std::size_t kWordsMax = 300;

Error unfit(const AwsProfile& profile, const std::string& what, std::string hint) {
    return {.code = ErrorCode::kUsage,
            .message = fmt::format("profile '{}' {}", profile.name, what),
            .hint = std::move(hint)};
}

std::optional<AwsCredentials> own_keys(const AwsProfile& profile) {
    AwsCredentials found;
    found.key = {profile.value("aws_access_key_id"),
                 profile.value("aws_secret_access_key"),
                 profile.value("aws_session_token")};
    found.source = "profile " + profile.name;
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

// By way of profiles that name one another as their source.
class ProfileWalk {
  public:
    explicit ProfileWalk(const CredentialSearch& search) : search_(search) {}

    FoundCredentials of(const AwsProfile& profile) {
        walked_.push_back(profile.name);
        return profile.value("role_arn").empty() ? without_role(profile) : role_of(profile);
    }

  private:
    FoundCredentials without_role(const AwsProfile& profile) const {
        if (auto keys = own_keys(profile)) {
            return keys;
        }
        const std::string command = profile.value("credential_process");
        if (!command.empty()) {
            return process_credentials(
                search_, command, "the credential_process of profile " + profile.name);
        }
        for (const char* key : {"sso_session", "sso_start_url", "login_session"}) {
            if (!profile.value(key).empty()) {
                return unfit(profile,
                             fmt::format("signs in by {}, which muster does not do itself", key),
                             fmt::format("make a profile with credential_process = aws configure "
                                         "export-credentials --profile {} --format process",
                                         profile.name));
            }
        }
        return std::optional<AwsCredentials>{};
    }

    FoundCredentials role_of(const AwsProfile& profile) {
        const RoleRequest role{.arn = profile.value("role_arn"),
                               .session = profile.value("role_session_name"),
                               .external_id = profile.value("external_id"),
                               .duration_seconds = profile.value("duration_seconds"),
                               .source = "the role of profile " + profile.name};
        const std::string token_file = profile.value("web_identity_token_file");
        if (!token_file.empty()) {
            return web_identity_role(search_, role, token_file);
        }
        if (!profile.value("mfa_serial").empty()) {
            return unfit(profile,
                         "asks for the code of a device (mfa_serial)",
                         fmt::format("run `aws configure export-credentials --profile {} --format "
                                     "env` and set what it prints",
                                     profile.name));
        }
        MUSTER_ASSIGN(const auto as, source_of(profile));
        return assume_role(search_, role, as);
    }

    // Who asks for the role.
    Result<AwsCredentials> source_of(const AwsProfile& profile) {
        const std::string source = profile.value("source_profile");
        const std::string place = profile.value("credential_source");
        if (source.empty() == place.empty()) {
            return unfit(
                profile,
                fmt::format("has a role_arn and {} of source_profile and credential_source",
                            source.empty() ? "none" : "both"),
                "say by one of the two who asks for the role");
        }
        MUSTER_ASSIGN(const auto found,
                      source.empty() ? from_place(profile, place) : from_profile(profile, source));
        if (!found) {
            return unfit(profile,
                         fmt::format("takes the credentials of {} '{}', which has none",
                                     source.empty() ? "credential_source" : "source_profile",
                                     source.empty() ? place : source),
                         fmt::format("check {}", profile.files));
        }
        return *found;
    }

    FoundCredentials from_place(const AwsProfile& profile, const std::string& place) const {
        if (place == "Environment") {
            return environment_credentials(search_.environment);
        }
        if (place == "Ec2InstanceMetadata") {
            return instance_credentials(search_);
        }
        if (place == "EcsContainer") {
            return container_credentials(search_);
        }
        return unfit(profile,
                     fmt::format("has the credential_source '{}'", printable(place)),
                     "it is Environment, Ec2InstanceMetadata or EcsContainer");
    }

    FoundCredentials from_profile(const AwsProfile& profile, const std::string& name) {
        const AwsProfile source = load_aws_profile(search_.environment, name);
        if (!source.found) {
            return unfit(profile,
                         fmt::format("names source_profile '{}', which is not there", name),
                         fmt::format("write [profile {}] to one of {}", name, source.files));
        }
        if (auto keys = own_keys(source)) {
            return keys;  // also where it has a role of its own
        }
        if (std::find(walked_.begin(), walked_.end(), name) != walked_.end()) {
            return unfit(
                profile,
                fmt::format("leads back to itself: {} -> {}", fmt::join(walked_, " -> "), name),
                "let one of them have keys or a credential_process");
        }
        return of(source);
    }

    const CredentialSearch& search_;
    std::vector<std::string> walked_;
};

std::string first_words(const std::string& text) {
    const std::string line = printable(first_line(text));
    return std::string{utf8_prefix(line, kWordsMax)};
}

}  // namespace

FoundCredentials profile_credentials(const CredentialSearch& search) {
    if (!search.profile.found) {
        return std::optional<AwsCredentials>{};
    }
    return ProfileWalk{search}.of(search.profile);
}

FoundCredentials process_credentials(const CredentialSearch& search,
                                     const std::string& command,
                                     const std::string& source) {
    auto ran = run_program(command, kProcessTimeMax, kProcessBytesMax, search.cancel);
    if (!ran.ok()) {
        Error error = std::move(ran).error();
        if (error.code != ErrorCode::kCancelled) {
            error.message = fmt::format("no credentials: {}: {}", source, error.message);
        }
        return error;
    }
    if (ran->status != 0) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("{} ended with exit code {}{}{}",
                                            source,
                                            ran->status,
                                            ran->err.empty() ? "" : ": ",
                                            first_words(ran->err)),
                     .hint = fmt::format("run it by hand: {}", printable(command))};
    }
    auto found = parse_credentials_json(ran->out);
    if (!found) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("{} printed no credentials", source),
                     .hint =
                         "it has to print a JSON object with Version 1, AccessKeyId and "
                         "SecretAccessKey"};
    }
    found->source = source;
    return found;
}

}  // namespace muster
