// The column types of the catalog (catalog.md, Types) and a typed value. No third-party types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace muster {

enum class TypeKind { kInt32, kInt64, kDecimal, kDouble, kBool, kString, kDate, kTimestamp };

struct ColumnType {
    TypeKind kind = TypeKind::kString;
    int precision = 0;  // decimal only: 1..38
    int scale = 0;      // decimal only: 0..precision

    bool operator==(const ColumnType&) const = default;
};

using Int128 = __int128;

// A typed value. The alternative follows the type:
//   NULL monostate; int32, int64 std::int64_t; decimal Int128 (value * 10^scale); double double;
//   bool bool; string std::string; date std::int64_t days and timestamp std::int64_t microseconds
//   since 1970-01-01 UTC.
using Value = std::variant<std::monostate, std::int64_t, Int128, double, bool, std::string>;

// "int64", "decimal(10,2)", ...
std::string type_text(const ColumnType& type);

// The type of such a text; spaces around the numbers of a decimal are fine. Bounds of precision and
// scale are not checked. Nothing if it is none.
std::optional<ColumnType> parse_type(std::string_view text);

// The canonical text of a value: dates and timestamps in RFC 3339 form (T, Z, up to 6 decimals),
// decimals with exactly `scale` digits, doubles shortest round trip. NULL is "".
std::string value_text(const ColumnType& type, const Value& value);

}  // namespace muster
