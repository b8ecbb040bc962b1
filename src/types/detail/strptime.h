// Timestamps by the strptime letters of a column's `formats`. A careful subset: fixed English
// names, no locale, the whole text must match.
#pragma once

#include "types/decode.h"

#include <cstdint>
#include <string_view>

namespace muster {

// Reads `text` by `format` into microseconds since 1970-01-01T00:00:00Z. Requires: the format has
// no timestamp_format_problem.
DecodeStatus decode_by_format(std::string_view text, std::string_view format, std::int64_t& out);

// Parts to microseconds, with every calendar and clock check. The year may be 0: its instant may
// still lie in year 1.
struct TimestampParts;
DecodeStatus timestamp_from_parts(const TimestampParts& parts, std::int64_t& out);

}  // namespace muster
