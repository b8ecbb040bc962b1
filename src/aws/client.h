// Requests to a service of AWS that speaks JSON or the query protocol: addressed, signed, sent,
// tried again while that may help, and their failures as errors that name operation, cause and
// remedy. S3 has a client of its own. Thread-safe.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/clock_difference.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http_client.h"
#include "aws/profile.h"
#include "aws/retry.h"

namespace muster {

// A service as the SDKs name it.
struct AwsService {
    const char* name;      // of its host and its signature: "redshift-data"
    const char* variable;  // behind AWS_ENDPOINT_URL_: "REDSHIFT_DATA"
    const char* target;    // before the operation in X-Amz-Target; "" for the query protocol
    const char* version;   // of the query protocol, else ""
    const char* right;     // before the operation in a policy: "redshift-data"
};

// Who calls, and where the environment is read.
struct AwsAccess {
    Environment environment;
    std::string profile;  // named in the catalog; "" = that of the environment
    std::string region;   // "" = that of the environment, the profile, or us-east-1
};

struct AwsAnswer {
    int status = 0;
    std::string body;
    std::string code;     // of a failure: "ValidationException"
    std::string message;  // what the service says of it
    int attempts = 1;

    bool ok() const { return status >= 200 && status < 300; }
};

class AwsClient {
  public:
    // The clock must outlive this. Nothing is sent yet.
    AwsClient(const AwsService& service, const AwsAccess& access, const Clock& clock);

    // The last answer of the service, whatever it says; an Error: none came. `body` is the JSON
    // text of the request, `cancel` may be null. `whole`: it does not cut a request that is on its
    // way, so that the answer is known; it ends the pauses between attempts.
    Result<AwsAnswer> send_json(const std::string& operation,
                                const std::string& body,
                                const CancelToken* cancel,
                                bool whole = false);
    // The same by the query protocol.
    Result<AwsAnswer> send_query(const std::string& operation,
                                 NameValues parameters,
                                 const CancelToken* cancel);
    // An answer that is no success, in words.
    Error error_of(const std::string& operation, const AwsAnswer& answer);
    // "GetSecretValue at secretsmanager.eu-central-1.amazonaws.com"
    std::string place(const std::string& operation) const;

    const std::string& region() const { return region_; }
    // The service's clock minus ours; nothing before the first answer.
    std::optional<std::int64_t> clock_ahead_ms() const { return clock_difference_.ahead_ms(); }

  private:
    struct Message {
        std::string operation;
        NameValues headers;
        std::string body;
        bool whole = false;
    };
    Result<AwsAnswer> send(const Message& message, const CancelToken* cancel);
    HttpRequest signed_request(const Message& message, const AwsCredentials& credentials) const;
    AwsAnswer answered(HttpAnswer http, int attempts);
    Error not_answered(const Message& message, const HttpFailure& failure, int attempts) const;
    Error denied(const std::string& operation, const AwsAnswer& answer);

    const AwsService service_;
    const AwsProfile profile_;
    const std::string region_;
    const Clock& clock_;
    std::string endpoint_;          // as it is given
    AwsEndpoint address_;           // the same in its parts
    std::optional<Error> refusal_;  // the environment cannot be used: every request fails with it
    RetryPolicy retry_;
    HttpClient http_;
    CredentialChain chain_;
    ClockDifference clock_difference_;
};

// Whether a service says by this error code that a session token has ended.
bool token_expired(std::string_view code);

}  // namespace muster
