// The plain English of reasons. Rendered for refused records only.
#pragma once

#include "catalog/catalog.h"
#include "validate/reject.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

// "'text'", cut to kReasonValueBytesMax on a character border.
std::string quoted_value(std::string_view text);

// A reason about one value of a column. `rule` follows the column's name: "must be an integer".
Reason value_reason(RejectCode code,
                    std::size_t column_index,
                    const Column& column,
                    std::string_view value,
                    std::string_view rule);

// A reason about the record as a whole. `fields` and `expected` matter for field counts, `limit`
// for record.too_long and record.unterminated_quote.
Reason record_reason(RejectCode code,
                     std::size_t fields,
                     std::size_t expected,
                     std::size_t limit_bytes);

// "must be an integer", ...: what a text that does not decode should have been.
std::string_view type_rule(TypeKind kind);
RejectCode type_code(TypeKind kind);

// What a decoded text that the type cannot hold breaks: "does not fit int32", ...
std::string type_range_rule(const ColumnType& type);

}  // namespace muster
