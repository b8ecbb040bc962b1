// Access tokens: JWT (RFC 7519) in JWS compact form (RFC 7515), HS256 and nothing else. Pure
// functions; times are in seconds since 1970-01-01 UTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

// Looked at before anything of the token is parsed.
inline constexpr std::size_t kTokenBytesMax = 4096;

struct Claims {
    std::string jti;
    std::string issuer;
    std::string audience;
    std::string subject;
    std::string role;
    std::int64_t token_version = 0;
    std::int64_t issued_at_s = 0;
    std::int64_t not_before_s = 0;
    std::int64_t expires_at_s = 0;

    friend bool operator==(const Claims&, const Claims&) = default;
};

std::string sign_token(const Claims& claims, std::string_view secret);

// The claims of a token that was signed with `secret`; nothing if it is malformed, of another
// algorithm, has other header fields than alg and typ, a claim twice or none, or a wrong signature.
// Times, issuer and audience are not judged.
std::optional<Claims> open_token(std::string_view token, std::string_view secret);

// Whether these claims are meant for here and now.
bool claims_hold(const Claims& claims,
                 std::string_view issuer,
                 std::string_view audience,
                 std::int64_t now_s);

}  // namespace muster
