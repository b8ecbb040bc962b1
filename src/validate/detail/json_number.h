// Numbers of JSON by their digits, so that none is rounded before it is judged. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster {

// RFC 8259: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_json_number(std::string_view text);

// The number without an exponent: 2e3 is "2000", 1.5e-1 is "0.15". With `whole` a fraction of zeros
// is left out: 2.0 is "2". Nothing if it has more digits than any type of ours could hold.
// Requires: is_json_number(text).
std::optional<std::string> plain_number(std::string_view text, bool whole);

}  // namespace muster
