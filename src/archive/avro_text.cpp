#include "archive/detail/avro_text.h"

#include "types/decode.h"

#include <array>
#include <cstring>
#include <limits>

namespace muster {

namespace {

constexpr std::int64_t kDayMin = -719'162;   // 0001-01-01
constexpr std::int64_t kDayEnd = 2'932'897;  // 10000-01-01
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr std::size_t kSecondsTextBytes = 19;  // 2021-11-07 02:48:42

constexpr auto kTwoDigits = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();

// Requires: number < 100.
char* put_pair(char* to, unsigned number) {
    std::memcpy(to, kTwoDigits.data() + 2 * std::size_t{number}, 2);
    return to + 2;
}

// The inverse of days_from_civil. Years begin in March here, so that the leap day is the last one,
// and 400 of them are an era of 146,097 days. Requires: kDayMin <= days < kDayEnd.
char* put_civil(char* to, std::int64_t days) {
    const auto shifted = static_cast<unsigned>(days + 719'468);  // since 0000-03-01
    const unsigned era = shifted / 146'097;
    const unsigned day_of_era = shifted % 146'097;
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned march_month = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    const unsigned year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    to = put_pair(to, year / 100);
    to = put_pair(to, year % 100);
    *to++ = '-';
    to = put_pair(to, month);
    *to++ = '-';
    return put_pair(to, day);
}

}  // namespace

char* put_date_text(char* to, std::int64_t days) {
    return days < kDayMin || days >= kDayEnd ? nullptr : put_civil(to, days);
}

char* put_timestamp_text(char* to, std::int64_t timestamp_us) {
    std::int64_t days = timestamp_us / kMicrosPerDay;
    std::int64_t rest = timestamp_us % kMicrosPerDay;
    if (rest < 0) {
        rest += kMicrosPerDay;
        --days;
    }
    if (days < kDayMin || days >= kDayEnd) {
        return nullptr;
    }
    to = put_civil(to, days);
    *to++ = ' ';
    const auto seconds = static_cast<unsigned>(rest / kMicrosPerSecond);
    const auto micros = static_cast<unsigned>(rest % kMicrosPerSecond);
    to = put_pair(to, seconds / 3600);
    *to++ = ':';
    to = put_pair(to, seconds / 60 % 60);
    *to++ = ':';
    to = put_pair(to, seconds % 60);
    if (micros != 0) {
        *to++ = '.';
        to = put_pair(to, micros / 10'000);
        to = put_pair(to, micros / 100 % 100);
        to = put_pair(to, micros % 100);
    }
    return to;
}

char* put_decimal_text(char* to, Int128 unscaled, int scale) {
    using Unsigned = unsigned __int128;
    constexpr std::uint64_t kPart = 1'000'000'000'000'000'000;
    constexpr int kPartDigits = 18;
    std::array<char, 40> digits{};
    char* const end = digits.data() + digits.size();
    char* first = end;
    auto magnitude = static_cast<Unsigned>(unscaled);
    if (unscaled < 0) {
        *to++ = '-';
        magnitude = 0U - magnitude;
    }
    // Divisions of 128 bits are slow; there are at most two of them.
    while (magnitude > std::numeric_limits<std::uint64_t>::max()) {
        auto part = static_cast<std::uint64_t>(magnitude % kPart);
        magnitude /= kPart;
        for (int i = 0; i < kPartDigits; ++i) {
            *--first = static_cast<char>('0' + part % 10);
            part /= 10;
        }
    }
    for (auto rest = static_cast<std::uint64_t>(magnitude); rest != 0; rest /= 10) {
        *--first = static_cast<char>('0' + rest % 10);
    }
    while (end - first <= scale) {
        *--first = '0';
    }
    const auto integer_digits = static_cast<std::size_t>(end - first - scale);
    std::memcpy(to, first, integer_digits);
    to += integer_digits;
    if (scale > 0) {
        *to++ = '.';
        std::memcpy(to, end - scale, static_cast<std::size_t>(scale));
        to += scale;
    }
    return to;
}

bool read_date_text(std::string_view text, std::int64_t& days) {
    std::int32_t decoded = 0;
    if (decode_date(text, decoded) != DecodeStatus::kOk) {
        return false;
    }
    days = decoded;
    return true;
}

bool read_timestamp_text(std::string_view text, std::int64_t& timestamp_us) {
    if ((text.size() != kSecondsTextBytes && text.size() != kTimestampTextBytesMax) ||
        text[kDateTextBytes] != ' ') {
        return false;
    }
    std::array<char, kTimestampTextBytesMax + 1> with_zone{};
    std::memcpy(with_zone.data(), text.data(), text.size());
    with_zone[text.size()] = 'Z';
    return decode_timestamp({with_zone.data(), text.size() + 1}, {}, timestamp_us) ==
           DecodeStatus::kOk;
}

bool read_decimal_text(std::string_view text, const ColumnType& type, Int128& unscaled) {
    return decode_decimal(text, type.precision, type.scale, unscaled) == DecodeStatus::kOk;
}

}  // namespace muster
