// Where credentials come from, one function for each source. A source that is not set up finds
// nothing, which is no error. Errors: kUsage if it is set up and cannot be used, kUnavailable if it
// did not answer, kCancelled.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"

#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/http_client.h"
#include "aws/profile.h"

namespace muster {

using FoundCredentials = Result<std::optional<AwsCredentials>>;

// What a source looks with; all of it outlives the call.
struct CredentialSearch {
    HttpClient& http;
    const Clock& clock;
    const Environment& environment;
    const AwsProfile& profile;  // of the chain
    const std::string& region;
    const CancelToken* cancel = nullptr;
};

std::optional<AwsCredentials> environment_credentials(const Environment& environment);
// The role of the container or of the machine, from services of the machine itself.
FoundCredentials container_credentials(const CredentialSearch& search);
FoundCredentials instance_credentials(const CredentialSearch& search);
// Its own keys, what its program prints, or the role that it leads to, by way of other profiles.
FoundCredentials profile_credentials(const CredentialSearch& search);
// What `command` prints, as the profiles' credential_process has it; a shell runs it.
FoundCredentials process_credentials(const CredentialSearch& search,
                                     const std::string& command,
                                     const std::string& source);

// A role as STS is asked for it.
struct RoleRequest {
    std::string arn;
    std::string session;           // "" = "muster"
    std::string external_id;       // "" = none
    std::string duration_seconds;  // "" = what STS gives
    std::string source;            // for messages
};
FoundCredentials web_identity_role(const CredentialSearch& search,
                                   const RoleRequest& role,
                                   const std::string& token_file);
FoundCredentials assume_role(const CredentialSearch& search,
                             const RoleRequest& role,
                             const AwsCredentials& as);

// Sends up to three times, since what is asked answers at once or not at all.
HttpOutcome ask_for_credentials(HttpClient& http, const HttpRequest& request);
// What came of it, if it is no answer that can be used.
Error no_credentials_from(const std::string& source, const HttpOutcome& outcome, std::string hint);

}  // namespace muster
