#include "types/decode.h"

#include "types/detail/calendar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <type_traits>

namespace muster {
namespace {

// Takes an optional sign off the front; true if it was '-'.
bool take_sign(std::string_view& text) {
    if (text.empty() || (text.front() != '-' && text.front() != '+')) {
        return false;
    }
    const bool negative = text.front() == '-';
    text.remove_prefix(1);
    return negative;
}

bool all_digits(std::string_view text) {
    for (const char c : text) {
        if (!is_digit(c)) {
            return false;
        }
    }
    return true;
}

std::string_view without_leading_zeros(std::string_view digits) {
    while (!digits.empty() && digits.front() == '0') {
        digits.remove_prefix(1);
    }
    return digits;
}

template <typename T>
DecodeStatus decode_integer(std::string_view text, T& out) {
    constexpr std::size_t kDigitsMax = std::numeric_limits<T>::digits10 + 1;
    const bool negative = take_sign(text);
    if (text.empty() || !all_digits(text)) {
        return DecodeStatus::kMalformed;
    }
    text = without_leading_zeros(text);
    if (text.size() > kDigitsMax) {
        return DecodeStatus::kOutOfRange;
    }
    std::uint64_t magnitude = 0;  // 19 digits always fit
    for (const char c : text) {
        magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
    }
    const auto limit = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (magnitude > limit + (negative ? 1U : 0U)) {
        return DecodeStatus::kOutOfRange;
    }
    out = static_cast<T>(negative ? 0U - magnitude : magnitude);
    return DecodeStatus::kOk;
}

// A number without its sign, taken apart: 12.340e5 is "12", "340", "5".
struct NumberParts {
    std::string_view integer;
    std::string_view fraction;
    std::string_view exponent;  // with its sign; empty if there is none
};

// False unless digits, at most one point, a digit on at least one side of it, and then, if allowed,
// an exponent.
bool split_number(std::string_view text, bool exponent_allowed, NumberParts& parts) {
    std::size_t at = 0;
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    parts.integer = text.substr(0, at);
    if (at < text.size() && text[at] == '.') {
        const std::size_t start = ++at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        parts.fraction = text.substr(start, at - start);
    }
    if (parts.integer.empty() && parts.fraction.empty()) {
        return false;
    }
    if (at == text.size()) {
        return true;
    }
    if (!exponent_allowed || (text[at] != 'e' && text[at] != 'E')) {
        return false;
    }
    parts.exponent = text.substr(at + 1);
    std::string_view digits = parts.exponent;
    take_sign(digits);
    return !digits.empty() && all_digits(digits);
}

// Whether a number that no double holds is too large (and not too small). Requires: it is not 0.
bool number_is_large(const NumberParts& parts) {
    // An exponent beyond this outweighs any number of digits that fits into memory.
    constexpr std::int64_t kExponentCap = 100'000'000'000'000'000;
    std::string_view digits = parts.exponent;
    const bool negative = take_sign(digits);
    std::int64_t exponent = 0;
    for (const char c : digits) {
        exponent = std::min(kExponentCap, exponent * 10 + (c - '0'));
    }
    exponent = negative ? -exponent : exponent;
    const std::string_view integer = without_leading_zeros(parts.integer);
    if (!integer.empty()) {
        return exponent + static_cast<std::int64_t>(integer.size()) > 0;
    }
    const std::size_t zeros = parts.fraction.size() - without_leading_zeros(parts.fraction).size();
    return exponent > static_cast<std::int64_t>(zeros);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i]) {
            return false;
        }
    }
    return true;
}

template <typename T, typename Decode>
DecodeStatus decode_into(Value& out, Decode decode) {
    T value{};
    const DecodeStatus status = decode(value);
    if (status == DecodeStatus::kOk) {
        if constexpr (std::is_same_v<T, std::int32_t>) {
            out = static_cast<std::int64_t>(value);
        } else {
            out = value;
        }
    }
    return status;
}

}  // namespace

DecodeStatus decode_int32(std::string_view text, std::int32_t& out) {
    return decode_integer(text, out);
}

DecodeStatus decode_int64(std::string_view text, std::int64_t& out) {
    return decode_integer(text, out);
}

DecodeStatus decode_decimal(std::string_view text, int precision, int scale, Int128& out) {
    const bool negative = take_sign(text);
    NumberParts parts;
    if (!split_number(text, false, parts)) {
        return DecodeStatus::kMalformed;
    }
    const auto scale_digits = static_cast<std::size_t>(scale);
    // More decimals than the type has are another number; they are told before its size.
    if (parts.fraction.size() > scale_digits &&
        !without_leading_zeros(parts.fraction.substr(scale_digits)).empty()) {
        return DecodeStatus::kMalformed;
    }
    const std::string_view integer = without_leading_zeros(parts.integer);
    if (integer.size() > static_cast<std::size_t>(precision) - scale_digits) {
        return DecodeStatus::kOutOfRange;
    }
    Int128 value = 0;  // precision <= 38 digits always fit
    for (const char c : integer) {
        value = value * 10 + (c - '0');
    }
    for (std::size_t i = 0; i < scale_digits; ++i) {
        value = value * 10 + (i < parts.fraction.size() ? parts.fraction[i] - '0' : 0);
    }
    out = negative ? -value : value;
    return DecodeStatus::kOk;
}

DecodeStatus decode_double(std::string_view text, double& out) {
    const bool negative = take_sign(text);
    NumberParts parts;
    if (!split_number(text, true, parts)) {
        return DecodeStatus::kMalformed;
    }
    double value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status == std::errc::result_out_of_range) {
        if (number_is_large(parts)) {
            return DecodeStatus::kOutOfRange;
        }
        value = 0;  // nearer to zero than to the smallest double
    } else if (std::isinf(value)) {
        return DecodeStatus::kOutOfRange;
    }
    out = negative ? -value : value;
    return DecodeStatus::kOk;
}

DecodeStatus decode_bool(std::string_view text, bool& out) {
    for (const std::string_view word : {"true", "1", "t", "yes"}) {
        if (equals_ignoring_case(text, word)) {
            out = true;
            return DecodeStatus::kOk;
        }
    }
    for (const std::string_view word : {"false", "0", "f", "no"}) {
        if (equals_ignoring_case(text, word)) {
            out = false;
            return DecodeStatus::kOk;
        }
    }
    return DecodeStatus::kMalformed;
}

DecodeStatus decode_value(const ColumnType& type,
                          std::span<const std::string> formats,
                          std::string_view text,
                          Value& out) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return decode_into<std::int32_t>(out, [&](auto& v) { return decode_int32(text, v); });
        case TypeKind::kInt64:
            return decode_into<std::int64_t>(out, [&](auto& v) { return decode_int64(text, v); });
        case TypeKind::kDecimal:
            return decode_into<Int128>(
                out, [&](auto& v) { return decode_decimal(text, type.precision, type.scale, v); });
        case TypeKind::kDouble:
            return decode_into<double>(out, [&](auto& v) { return decode_double(text, v); });
        case TypeKind::kBool:
            return decode_into<bool>(out, [&](auto& v) { return decode_bool(text, v); });
        case TypeKind::kString:
            out = std::string{text};
            return DecodeStatus::kOk;
        case TypeKind::kDate:
            return decode_into<std::int32_t>(out, [&](auto& v) { return decode_date(text, v); });
        case TypeKind::kTimestamp:
            return decode_into<std::int64_t>(
                out, [&](auto& v) { return decode_timestamp(text, formats, v); });
    }
    return DecodeStatus::kMalformed;
}

}  // namespace muster
