// The numbers that COPY in binary is made of, for its writer and its reader: "COPY ... (FORMAT
// binary)" in the manual of PostgreSQL. A signature, then rows of (number of fields, length and
// bytes of each), all numbers with the high byte first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::copy_format {

inline constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
inline constexpr std::size_t kFlagsBytes = 8;      // behind it: flags, and no extension
inline constexpr std::int64_t kEpochDays = 10957;  // 1970-01-01 to 2000-01-01
inline constexpr std::int64_t kEpochUs = kEpochDays * 86400 * 1'000'000;

using Uint128 = unsigned __int128;

// numeric: groups of four digits, the first weighs 10000^weight.
inline constexpr unsigned kGroup = 10000;
inline constexpr int kGroupDigits = 4;
inline constexpr std::uint16_t kNegative = 0x4000;

}  // namespace muster::copy_format
