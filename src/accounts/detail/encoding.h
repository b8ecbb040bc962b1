// Bytes as text, hashes and random numbers for tokens. Pure but for random_text; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

// libsodium must be initialized once before its use; false if it cannot be.
bool sodium_ready();

// RFC 4648, section 5, without padding.
std::string base64url_encode(std::string_view bytes);
// Strict: no padding, no other characters, unused bits of the last character zero, so that no two
// texts mean the same bytes.
std::optional<std::string> base64url_decode(std::string_view text);

std::string hmac_sha256(std::string_view key, std::string_view message);
// In constant time.
bool hmac_sha256_matches(std::string_view key, std::string_view message, std::string_view mac);

// SHA-256 as base64url.
std::string hash_text(std::string_view bytes);
// `bytes` random bytes as base64url.
std::string random_text(std::size_t bytes);

}  // namespace muster
