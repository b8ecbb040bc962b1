// Where the credentials of AWS come from, in the usual order: environment, web identity, shared
// configuration files, container endpoint, instance metadata (version 2). With a profile named in
// the catalog, that profile alone.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "aws/http_client.h"
#include "aws/profile.h"
#include "aws/signature.h"

namespace muster {

struct AwsCredentials {
    SigningKey key;
    std::string source;              // for messages: "the environment", "profile loader", ...
    std::int64_t expires_at_us = 0;  // 0: never
};

// Finds credentials once and again before they expire. Thread-safe.
class CredentialChain {
  public:
    // All of it must outlive this. `profile_given`: it is named in the catalog.
    CredentialChain(HttpClient& http,
                    const Clock& clock,
                    Environment environment,
                    AwsProfile profile,
                    bool profile_given,
                    std::string region);

    // kUsage if no source has any; kUnavailable if a source that has them did not answer.
    // `cancel` ends requests to the sources; null = that of the HTTP client does.
    Result<AwsCredentials> get(const CancelToken* cancel = nullptr);

    // Where those that were got last come from, "unknown" before the first. Asks nobody.
    std::string source();

    // Forgets those that a server called expired, if they are still the current ones; true if
    // another look may bring newer ones.
    bool expired(const SigningKey& key);

  private:
    Result<std::optional<AwsCredentials>> find(const CancelToken* cancel);

    HttpClient& http_;
    const Clock& clock_;
    const Environment environment_;
    const AwsProfile profile_;
    const bool profile_given_;
    const std::string region_;
    std::mutex mutex_;
    std::optional<AwsCredentials> current_;
    std::string source_ = "unknown";
};

// Microseconds since 1970-01-01T00:00:00Z of an RFC 3339 time such as 2026-11-24T18:19:37Z or
// 2026-11-24T19:19:37+01:00; nothing if it is none.
std::optional<std::int64_t> parse_time_us(const std::string& text);

// The members AccessKeyId, SecretAccessKey, Token or SessionToken, and Expiration of a JSON object.
std::optional<AwsCredentials> parse_credentials_json(const std::string& json);

}  // namespace muster
