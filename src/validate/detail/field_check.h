// One field: cleaning, decoding and the rules of its column (catalog.md, Types and Rules per
// column). The exact path for every type; the hot path answers only what it can prove clean.
#pragma once

#include "types/type.h"
#include "validate/detail/table_plan.h"
#include "validate/reject.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace muster {

// A decoded value; the member used follows the type as in ColumnData, narrow decimals in integer.
struct FieldValue {
    bool null = true;
    std::int64_t integer = 0;  // int32, int64, date, timestamp, bool, decimals up to 18 digits
    Int128 wide = 0;           // every decimal
    double real = 0;
    std::string_view text;  // the cleaned text
};

enum class FieldVerdict : std::uint8_t {
    kClean,
    kRefused,    // decoded, but breaks rules
    kUndecoded,  // not a value of the type
};

// Without blanks (U+0020 and tab) at both ends.
std::string_view trim_blanks(std::string_view text);

// Checks `text` (without quotes) against column number `column`. If `reasons` is not null every
// violated rule is appended with its message; else the check stops at the first.
FieldVerdict check_field(const TablePlan& plan,
                         std::size_t column,
                         std::string_view text,
                         FieldValue& value,
                         std::vector<Reason>* reasons);

}  // namespace muster
