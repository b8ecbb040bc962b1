#include "archive/content_checksum.h"

#include "core/percent.h"

#include <fmt/core.h>

// The hash of a short row takes less time than a call into the library.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace muster {

namespace {

constexpr std::size_t kTextDigits = 32;

Error not_a_checksum(std::string_view text) {
    return Error{ErrorCode::kVerification,
                 fmt::format("'{}' is no content checksum: 32 hexadecimal digits are", text),
                 "",
                 ""};
}

}  // namespace

std::string checksum_text(const ContentChecksum& checksum) {
    return fmt::format("{:016x}{:016x}",
                       static_cast<std::uint64_t>(checksum.sum >> 64U),
                       static_cast<std::uint64_t>(checksum.sum));
}

Result<ContentChecksum> parse_checksum(std::string_view text) {
    if (text.size() != kTextDigits) {
        return not_a_checksum(text);
    }
    ContentChecksum checksum;
    for (const char c : text) {
        const int digit = hex_digit(c);
        const bool capital = c >= 'A' && c <= 'F';  // is never written
        if (digit < 0 || capital) {
            return not_a_checksum(text);
        }
        checksum.sum = checksum.sum << 4U | static_cast<unsigned>(digit);
    }
    return checksum;
}

Uint128 hash_canonical_row(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return static_cast<Uint128>(hash.high64) << 64U | hash.low64;
}

}  // namespace muster
