#include "types/type.h"

#include "core/clock.h"
#include "types/detail/calendar.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

namespace muster {
namespace {

std::string decimal_text(Int128 value, int scale) {
    const bool negative = value < 0;
    std::string digits;  // last one first
    for (Int128 rest = value; rest != 0; rest /= 10) {
        const int digit = static_cast<int>(rest % 10);
        digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    }
    const auto scale_digits = static_cast<std::size_t>(scale);
    while (digits.size() <= scale_digits) {
        digits += '0';
    }
    std::string text{digits.rbegin(), digits.rend()};
    if (scale > 0) {
        text.insert(text.size() - scale_digits, 1, '.');
    }
    return negative ? "-" + text : text;
}

std::string double_text(double value) {
    std::array<char, 32> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

std::string date_text(std::int64_t days) {
    return format_timestamp_us(days * kSecondsPerDay * kMicrosPerSecond).substr(0, 10);
}

}  // namespace

std::string type_text(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return "int32";
        case TypeKind::kInt64:
            return "int64";
        case TypeKind::kDecimal:
            return fmt::format("decimal({},{})", type.precision, type.scale);
        case TypeKind::kDouble:
            return "double";
        case TypeKind::kBool:
            return "bool";
        case TypeKind::kString:
            return "string";
        case TypeKind::kDate:
            return "date";
        case TypeKind::kTimestamp:
            return "timestamp";
    }
    return {};
}

std::string value_text(const ColumnType& type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return {};
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return std::to_string(std::get<std::int64_t>(value));
        case TypeKind::kDecimal:
            return decimal_text(std::get<Int128>(value), type.scale);
        case TypeKind::kDouble:
            return double_text(std::get<double>(value));
        case TypeKind::kBool:
            return std::get<bool>(value) ? "true" : "false";
        case TypeKind::kString:
            return std::get<std::string>(value);
        case TypeKind::kDate:
            return date_text(std::get<std::int64_t>(value));
        case TypeKind::kTimestamp:
            return format_timestamp_us(std::get<std::int64_t>(value));
    }
    return {};
}

namespace {

// Reads "decimal(p,s)"; spaces around the numbers are fine.
std::optional<ColumnType> parse_decimal(std::string_view text) {
    constexpr std::string_view kPrefix = "decimal(";
    if (!text.starts_with(kPrefix) || !text.ends_with(')')) {
        return std::nullopt;
    }
    std::string inside;
    for (const char c : text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1)) {
        if (c != ' ') {
            inside += c;
        }
    }
    ColumnType type{TypeKind::kDecimal, 0, 0};
    const char* end = inside.data() + inside.size();
    const auto precision = std::from_chars(inside.data(), end, type.precision);
    if (precision.ec != std::errc{} || precision.ptr == end || *precision.ptr != ',') {
        return std::nullopt;
    }
    const auto scale = std::from_chars(precision.ptr + 1, end, type.scale);
    if (scale.ec != std::errc{} || scale.ptr != end) {
        return std::nullopt;
    }
    return type;
}

}  // namespace

std::optional<ColumnType> parse_type(std::string_view text) {
    for (const TypeKind kind : {TypeKind::kInt32,
                                TypeKind::kInt64,
                                TypeKind::kDouble,
                                TypeKind::kBool,
                                TypeKind::kString,
                                TypeKind::kDate,
                                TypeKind::kTimestamp}) {
        if (const ColumnType type{kind, 0, 0}; type_text(type) == text) {
            return type;
        }
    }
    return parse_decimal(text);
}

}  // namespace muster
