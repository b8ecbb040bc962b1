// Text to typed value (catalog.md, Types). The one set of decoders for files, catalogs and
// command-line parameters. Pure functions; they get cleaned text (trimmed, not empty).
#pragma once

#include "types/type.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace muster {

enum class DecodeStatus : std::uint8_t {
    kOk,
    kMalformed,   // not of this type: value.not_integer, value.not_number, ...
    kOutOfRange,  // of this type, but the type cannot hold it: value.out_of_range
};

DecodeStatus decode_int32(std::string_view text, std::int32_t& out);
DecodeStatus decode_int64(std::string_view text, std::int64_t& out);
// More decimals than `scale` are malformed unless they are zeros.
DecodeStatus decode_decimal(std::string_view text, int precision, int scale, Int128& out);
DecodeStatus decode_double(std::string_view text, double& out);
DecodeStatus decode_bool(std::string_view text, bool& out);
// Days since 1970-01-01.
DecodeStatus decode_date(std::string_view text, std::int32_t& out);
// Microseconds since 1970-01-01T00:00:00Z. `formats` (strptime letters) are tried in order before
// RFC 3339.
DecodeStatus decode_timestamp(std::string_view text,
                              std::span<const std::string> formats,
                              std::int64_t& out);

// Any type; `formats` matter for timestamps only.
DecodeStatus decode_value(const ColumnType& type,
                          std::span<const std::string> formats,
                          std::string_view text,
                          Value& out);

// An error text for a strptime format of a catalog that muster cannot read, "" if it can.
std::string timestamp_format_problem(std::string_view format);

}  // namespace muster
