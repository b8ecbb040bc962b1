// Signature Version 4 of AWS in the Authorization header, as the "Signature Version 4 signing
// process" of the AWS General Reference and the S3 API reference describe it. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

using NameValues = std::vector<std::pair<std::string, std::string>>;

struct SigningKey {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // "" if there is none
};

struct SigningRequest {
    std::string method;
    std::string path;     // as it is sent, percent-encoded
    NameValues query;     // not encoded
    NameValues headers;   // of any case, host included
    std::string payload;  // SHA-256 of the body in hexadecimal digits, or UNSIGNED-PAYLOAD
};

struct SigningScope {
    std::string region;
    std::string service;
    std::int64_t now_us = 0;  // since 1970-01-01T00:00:00Z
};

// Percent-encoding of all but letters, digits and "-._~"; '/' stays if `keep_slash`.
std::string uri_encode(std::string_view text, bool keep_slash);

// "a=1&b=", encoded and ordered.
std::string canonical_query(const NameValues& query);

// 20150830T123600Z
std::string amz_date(std::int64_t now_us);

// Adds x-amz-date, x-amz-security-token if there is a token, and authorization.
void sign_v4(SigningRequest& request, const SigningScope& scope, const SigningKey& key);

}  // namespace muster
