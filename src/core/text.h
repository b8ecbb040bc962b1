// Small text helpers that several modules need. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// The candidate nearest to `word` (edit distance at most a third of its length, at least 2), for
// "did you mean"; nothing if none is near.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// " (did you mean 'x'?)" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

// Shell glob over a whole key: `*` and `?` do not match '/', `[a-z]`, `[!a-z]`.
bool glob_match(std::string_view pattern, std::string_view text);

// Without control characters, so that data cannot steer a terminal.
std::string printable(std::string_view text);

// A JSON string literal with its quotes; invalid UTF-8 bytes become U+FFFD.
std::string json_quote(std::string_view text);
void append_json_quoted(std::string& out, std::string_view text);  // the same, at the end of `out`

bool valid_utf8(std::string_view text);

// A-Z to a-z, every other byte as it is.
std::string ascii_lower(std::string_view text);

// RFC 4648 with padding.
std::string base64_encode(std::string_view bytes);

std::string hex(std::span<const std::uint8_t> bytes);

// The longest prefix of at most `bytes_max` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

// "512MiB", "1GiB", "64 kB", "1048576": bytes; nothing if it is no size.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);

// 1234567 -> "1,234,567".
std::string with_thousands(std::int64_t value);

// 1536 -> "1.5 KiB".
std::string human_bytes(std::uint64_t bytes);

}  // namespace muster
