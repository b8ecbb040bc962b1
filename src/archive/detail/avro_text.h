// The text of dates, timestamps and decimals in Avro files: what COPY reads without options and
// `types` decodes.
#pragma once

#include "types/type.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster {

inline constexpr std::size_t kDateTextBytes = 10;          // 2021-11-07
inline constexpr std::size_t kTimestampTextBytesMax = 26;  // 2021-11-07 02:48:42.123456
inline constexpr std::size_t kDecimalTextBytesMax = 42;    // a sign, 40 digits, a point
static_assert(kDecimalTextBytesMax < 64, "the length is one byte of a zig-zag long");

// Each returns the end of what it wrote at `to`; null if the year is not 1 to 9999.
char* put_date_text(char* to, std::int64_t days);
char* put_timestamp_text(char* to, std::int64_t timestamp_us);
char* put_decimal_text(char* to, Int128 unscaled, int scale);

// False if the text is none of these forms or the type cannot hold it.
bool read_date_text(std::string_view text, std::int64_t& days);
bool read_timestamp_text(std::string_view text, std::int64_t& timestamp_us);
bool read_decimal_text(std::string_view text, const ColumnType& type, Int128& unscaled);

}  // namespace muster
