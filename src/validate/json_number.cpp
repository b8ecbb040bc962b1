#include "validate/detail/json_number.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace muster {
namespace {

// Far more than a decimal of 38 digits needs.
constexpr std::ptrdiff_t kPlainDigitsMax = 400;

std::size_t take_digits(std::string_view text, std::size_t at) {
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        ++at;
    }
    return at;
}

// The exponent; one beyond the cap outweighs all digits that a body can hold.
std::ptrdiff_t exponent_of(std::string_view text) {
    constexpr std::ptrdiff_t kExponentCap = 1'000'000'000;
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
    }
    std::ptrdiff_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed == std::errc::result_out_of_range) {
        return text.front() == '-' ? -kExponentCap : kExponentCap;
    }
    return std::clamp(value, -kExponentCap, kExponentCap);
}

}  // namespace

bool is_json_number(std::string_view text) {
    std::size_t at = !text.empty() && text.front() == '-' ? 1 : 0;
    const std::size_t integer = at;
    at = take_digits(text, at);
    if (at == integer || (text[integer] == '0' && at > integer + 1)) {
        return false;
    }
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = ++at;
        at = take_digits(text, at);
        if (at == fraction) {
            return false;
        }
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
        const std::size_t exponent = at;
        at = take_digits(text, at);
        if (at == exponent) {
            return false;
        }
    }
    return at == text.size();
}

std::optional<std::string> plain_number(std::string_view text, bool whole) {
    if (text.find_first_of(".eE") == std::string_view::npos) {
        return std::string(text);
    }
    const std::string sign = text.front() == '-' ? "-" : "";
    text.remove_prefix(sign.size());
    const std::size_t e = text.find_first_of("eE");
    const std::string_view mantissa = text.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    std::string digits(mantissa.substr(0, point));
    digits += mantissa.substr(std::min(point + 1, mantissa.size()));
    if (digits.find_first_not_of('0') == std::string::npos) {
        return sign + "0";
    }
    // The digits before the point.
    std::ptrdiff_t before = static_cast<std::ptrdiff_t>(point) +
                            (e == std::string_view::npos ? 0 : exponent_of(text.substr(e + 1)));
    const auto count = static_cast<std::ptrdiff_t>(digits.size());
    if (before > count + kPlainDigitsMax) {
        return std::nullopt;
    }
    if (before > count) {
        digits.append(static_cast<std::size_t>(before - count), '0');
    } else if (before <= 0) {
        before = std::max(before, -kPlainDigitsMax);  // not 0, and too small for any type
        digits.insert(0, static_cast<std::size_t>(1 - before), '0');
        before = 1;
    }
    const auto at = static_cast<std::size_t>(before);
    std::string fraction = digits.substr(at);
    if (fraction.find_first_not_of('0') == std::string::npos && whole) {
        fraction.clear();
    }
    return sign + digits.substr(0, at) + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace muster
