// Avro's only integer on the wire: zig-zag, seven bits a byte, the low ones first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster {

inline constexpr std::size_t kAvroLongBytesMax = 10;

inline char* put_avro_long(char* to, std::int64_t value) {
    auto rest = static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63U);
    while (rest > 0x7F) {
        *to++ = static_cast<char>(rest | 0x80U);
        rest >>= 7U;
    }
    *to++ = static_cast<char>(rest);
    return to;
}

// The end of the number, or null if it does not end before `end` or has more than 64 bits.
inline const char* read_avro_long(const char* at, const char* end, std::int64_t& value) {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (at == end) {
            return nullptr;
        }
        const auto byte = static_cast<unsigned char>(*at++);
        if (shift == 63 && byte > 1) {
            return nullptr;
        }
        bits |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) {
            value = static_cast<std::int64_t>(bits >> 1U ^ (0U - (bits & 1U)));
            return at;
        }
    }
    return nullptr;
}

}  // namespace muster
