// The proleptic Gregorian calendar as days since 1970-01-01, and the parts of a time of day.
// Pure functions, small enough to be inlined into the scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster {

inline constexpr std::int64_t kMicrosPerSecond = 1000000;
inline constexpr std::int64_t kSecondsPerDay = 86400;
inline constexpr int kYearMin = 1;
inline constexpr int kYearMax = 9999;
inline constexpr std::int64_t kTimestampMin = -62135596800 * kMicrosPerSecond;  // 0001-01-01
inline constexpr std::int64_t kTimestampEnd = 253402300800 * kMicrosPerSecond;  // 10000-01-01
inline constexpr std::size_t kFractionDigitsMax = 6;

constexpr bool is_leap_year(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int year, int month) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

// Requires: year 0..9999, month 1..12. The year is counted from March, so that the leap day is its
// last one and the months before it have fixed offsets.
constexpr std::int32_t days_from_civil(int year, int month, int day) {
    const int march_year = month <= 2 ? year - 1 : year;
    const int era_year = march_year + 400;  // keeps the divisions below positive
    const int march_month = month <= 2 ? month + 9 : month - 3;
    const int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    const int days = era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400 + day_of_year;
    return days - 146097 - 719468;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Two digits at `text`, or a number over 99 if they are none. Requires: two bytes are there.
constexpr int two_digits(const char* text) {
    if (!is_digit(text[0]) || !is_digit(text[1])) {
        return 1000;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

// The parts of a timestamp as they were read.
struct TimestampParts {
    int year = 1970;
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int micros = 0;
    int offset_minutes = 0;  // east of UTC
};

// Digits after the point, from `at` on: microseconds into `micros`, `at` behind the last digit.
// False: no digit, or digits beyond microseconds that are not zero.
constexpr bool read_fraction(std::string_view text, std::size_t& at, int& micros) {
    const std::size_t start = at;
    int value = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
        const int digit = text[at] - '0';
        if (at - start < kFractionDigitsMax) {
            value = value * 10 + digit;
        } else if (digit != 0) {
            return false;
        }
    }
    for (std::size_t digits = at - start; digits < kFractionDigitsMax; ++digits) {
        value *= 10;
    }
    micros = value;
    return at > start;
}

}  // namespace muster
