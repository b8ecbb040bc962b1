// Roles from the Security Token Service: for keys, or for the token of a web identity.
#include "core/text.h"

#include <fmt/core.h>

#include "aws/detail/credential_sources.h"
#include "aws/detail/signed_post.h"
#include "aws/endpoint.h"
#include "aws/xml.h"

namespace muster {
namespace {

constexpr int kStatusOk = 200;
constexpr int kStatusServerFault = 500;
constexpr const char* kVersion = "2011-06-15";

NameValues parameters_of(const std::string& operation, const RoleRequest& role) {
    NameValues parameters{{"Action", operation},
                          {"Version", kVersion},
                          {"RoleArn", role.arn},
                          {"RoleSessionName", role.session.empty() ? "muster" : role.session}};
    if (!role.external_id.empty()) {
        parameters.emplace_back("ExternalId", role.external_id);
    }
    if (!role.duration_seconds.empty()) {
        parameters.emplace_back("DurationSeconds", role.duration_seconds);
    }
    return parameters;
}

std::optional<AwsCredentials> parse_answer(std::string_view body, const std::string& operation) {
    const std::string result = operation + "Result";
    const auto text = [&](const char* name) {
        return xml_text_at(body, {result.c_str(), "Credentials", name}).value_or("");
    };
    AwsCredentials found;
    found.key = {text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken")};
    found.expires_at_us = parse_time_us(text("Expiration")).value_or(0);
    if (found.key.access_key_id.empty() || found.key.secret_access_key.empty()) {
        return std::nullopt;
    }
    return found;
}

// `as`: null if nobody signs. `hint`: for a refusal.
FoundCredentials ask_sts(const CredentialSearch& search,
                         const std::string& operation,
                         const RoleRequest& role,
                         const NameValues& parameters,
                         const AwsCredentials* as,
                         const std::string& hint) {
    const std::string endpoint =
        service_endpoint("sts", "STS", search.region, search.environment, search.profile);
    const auto address = parse_endpoint(endpoint);
    if (!address) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("the endpoint of STS is '{}'", printable(endpoint)),
                     .hint = "set AWS_ENDPOINT_URL_STS to https://HOST or http://HOST:PORT"};
    }
    const std::string body = canonical_query(parameters);
    NameValues headers{{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
    HttpRequest request =
        as != nullptr
            ? signed_post(
                  *address,
                  std::move(headers),
                  body,
                  {.region = search.region, .service = "sts", .now_us = search.clock.now_us()},
                  as->key)
            : HttpRequest{.method = "POST",
                          .url = address->scheme + address->host + address->path + "/",
                          .headers = std::move(headers),
                          .body = body,
                          .into = {}};
    request.cancel = search.cancel;
    const HttpOutcome outcome = ask_for_credentials(search.http, request);
    if (outcome.failure != nullptr || outcome.answer.status >= kStatusServerFault) {
        return no_credentials_from(
            "STS at " + endpoint, outcome, "check the network, and that STS is reached from here");
    }
    auto found = parse_answer(outcome.answer.body, operation);
    if (outcome.answer.status != kStatusOk || !found) {
        const AwsErrorText error = parse_error_response(outcome.answer.body);
        std::string words =
            error.code.empty() ? fmt::format("status {}", outcome.answer.status) : error.code;
        if (!error.message.empty()) {
            words += " (" + printable(error.message) + ")";
        }
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("STS refused role {}: {}", role.arn, words),
                     .hint = hint};
    }
    found->source = role.source;
    return found;
}

}  // namespace

FoundCredentials web_identity_role(const CredentialSearch& search,
                                   const RoleRequest& role,
                                   const std::string& token_file) {
    const std::string operation = "AssumeRoleWithWebIdentity";
    MUSTER_ASSIGN(const std::string token, read_small_file(token_file));
    NameValues parameters = parameters_of(operation, role);
    parameters.emplace_back("WebIdentityToken", first_line(token));
    return ask_sts(search,
                   operation,
                   role,
                   parameters,
                   nullptr,
                   fmt::format("check the role's trust policy and the token in {}", token_file));
}

FoundCredentials assume_role(const CredentialSearch& search,
                             const RoleRequest& role,
                             const AwsCredentials& as) {
    const std::string operation = "AssumeRole";
    return ask_sts(search,
                   operation,
                   role,
                   parameters_of(operation, role),
                   &as,
                   fmt::format("check the role's trust policy, and that the identity of {} has the "
                               "right sts:AssumeRole",
                               as.source));
}

}  // namespace muster
