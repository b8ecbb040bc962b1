// The content checksum of a table: the sum of a 128-bit hash of each row, the same for a table, its
// Parquet and its Avro files, whatever wrote them. It does not depend on the order of the rows, and
// a row more, less or twice changes it. It proves accidents, not tampering.
// docs/content-checksum.md specifies the bytes. Values are safe to share; a RowHasher is not.
#pragma once

#include "archive/byte_buffer.h"
#include "core/result.h"
#include "types/type.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace muster {

using Uint128 = unsigned __int128;

struct ContentChecksum {
    Uint128 sum = 0;  // modulo 2^128

    void add(Uint128 row_hash) { sum += row_hash; }
    void add(const ContentChecksum& other) { sum += other.sum; }
    bool operator==(const ContentChecksum&) const = default;
};

// 32 hexadecimal digits in lower case, the most significant one first.
std::string checksum_text(const ContentChecksum& checksum);
// kVerification if the text is anything else than what checksum_text gives.
Result<ContentChecksum> parse_checksum(std::string_view text);

// What a table, or a set of files, holds. Both must agree for two contents to be equal.
struct FileContent {
    ContentChecksum checksum;
    std::uint64_t rows = 0;

    bool operator==(const FileContent&) const = default;
};

// The hash of the canonical bytes of one row.
Uint128 hash_canonical_row(std::string_view bytes);

// The canonical bytes of fields, written at `to`; each returns the end of what it wrote. Requires:
// kCanonicalFieldBytesMax bytes of room, and the string's own for a string.
namespace canonical {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::size_t kCanonicalFieldBytesMax = 17;
inline constexpr std::size_t kIntegerBytes = 9;  // also of dates, timestamps and doubles
inline constexpr std::size_t kDecimalBytes = 17;
inline constexpr std::size_t kBoolBytes = 2;
inline constexpr std::size_t kStringHeadBytes = 9;

inline char* put_null(char* to) {
    *to = 0;
    return to + 1;
}
inline char* put_int64(char* to, std::int64_t value) {
    *to = 1;
    std::memcpy(to + 1, &value, sizeof value);
    return to + kIntegerBytes;
}
inline char* put_decimal(char* to, Int128 unscaled) {
    *to = 1;
    std::memcpy(to + 1, &unscaled, sizeof unscaled);
    return to + kDecimalBytes;
}
inline char* put_double(char* to, double value) {
    return put_int64(to, std::bit_cast<std::int64_t>(value == 0 ? 0.0 : value));
}
inline char* put_bool(char* to, bool value) {
    to[0] = 1;
    to[1] = value ? 1 : 0;
    return to + kBoolBytes;
}
inline char* put_string(char* to, const char* text, std::size_t bytes) {
    to = put_int64(to, static_cast<std::int64_t>(bytes));
    if (bytes != 0) {
        std::memcpy(to, text, bytes);
    }
    return to + bytes;
}

}  // namespace canonical

// Hashes rows field by field, in the order of the columns.
class RowHasher {
  public:
    void add_null() { bytes_.set_end(canonical::put_null(room())); }
    // Integers of any width, days of a date, microseconds of a timestamp.
    void add_int64(std::int64_t value) { bytes_.set_end(canonical::put_int64(room(), value)); }
    // The value * 10^scale of the column.
    void add_decimal(Int128 unscaled) { bytes_.set_end(canonical::put_decimal(room(), unscaled)); }
    void add_double(double value) { bytes_.set_end(canonical::put_double(room(), value)); }
    void add_bool(bool value) { bytes_.set_end(canonical::put_bool(room(), value)); }
    void add_string(std::string_view text) {
        char* to = bytes_.room(canonical::kStringHeadBytes + text.size());
        bytes_.set_end(canonical::put_string(to, text.data(), text.size()));
    }

    // The canonical bytes of the row so far; valid until the next call.
    std::string_view bytes() const { return bytes_.view(); }

    // The hash of the row; the next row begins.
    Uint128 finish() {
        const Uint128 hash = hash_canonical_row(bytes_.view());
        bytes_.clear();
        return hash;
    }

  private:
    char* room() { return bytes_.room(canonical::kCanonicalFieldBytesMax); }

    ByteBuffer bytes_;
};

}  // namespace muster
