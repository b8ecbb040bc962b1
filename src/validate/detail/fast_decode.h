// Decoders for the plainest forms of the hottest types, eight bytes at a time. They answer false
// for everything else, also for what the full decoders accept. Read up to 8 bytes behind the text.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace muster {

static_assert(std::endian::native == std::endian::little);

inline std::uint64_t load_word(const char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    return word;
}

// Every byte of the word is '0'..'9'.
inline bool word_is_digits(std::uint64_t word) {
    constexpr std::uint64_t kHigh = 0xF0F0F0F0F0F0F0F0;
    constexpr std::uint64_t kAboveNine = 0x0606060606060606;
    return ((word & kHigh) | (((word + kAboveNine) & kHigh) >> 4U)) == 0x3333333333333333;
}

// The number that eight ASCII digits stand for.
inline std::uint64_t eight_digits(std::uint64_t word) {
    word = (word & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8U;
    word = (word & 0x00FF00FF00FF00FF) * 6553601 >> 16U;
    return (word & 0x0000FFFF0000FFFF) * 42949672960001 >> 32U;
}

// The first `count` (1 to 8) bytes as if zeros stood before them.
inline std::uint64_t padded_digits(const char* text, std::size_t count) {
    const auto shift = static_cast<unsigned>(64 - 8 * count);
    constexpr std::uint64_t kZeros = 0x3030303030303030;
    // For 8 digits the second shift would be by 64; it is split in two.
    return load_word(text) << shift | kZeros >> (8 * count - 8) >> 8U;
}

// Up to 16 digits after an optional minus.
[[gnu::always_inline]] inline bool fast_integer(const char* text,
                                                std::size_t bytes,
                                                std::int64_t& out) {
    const bool negative = *text == '-';
    text += negative ? 1 : 0;
    bytes -= negative ? 1U : 0U;
    if (bytes - 1 < 8) [[likely]] {
        const std::uint64_t word = padded_digits(text, bytes);
        const auto value = static_cast<std::int64_t>(eight_digits(word));
        out = negative ? -value : value;
        return word_is_digits(word);
    }
    if (bytes - 9 >= 8) {
        return false;
    }
    const std::size_t head = bytes - 8;
    const std::uint64_t high = padded_digits(text, head);
    const std::uint64_t low = load_word(text + head);
    const auto value =
        static_cast<std::int64_t>(eight_digits(high) * 100000000 + eight_digits(low));
    out = negative ? -value : value;
    return word_is_digits(high) && word_is_digits(low);
}

inline constexpr bool plain_leap_year(unsigned year) {
    return (year & 3U) == 0 && (year % 100 != 0 || (year & 15U) == 0);
}

// Days from 1970-01-01 to the first of January of a year from 1 on.
inline std::int64_t plain_days_before_year(unsigned year) {
    const auto past = static_cast<std::int64_t>(year) - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

// Exactly YYYY-MM-DDTHH:MM:SSZ, 20 bytes: microseconds since 1970-01-01T00:00:00Z.
[[gnu::always_inline]] inline bool fast_timestamp(const char* text, std::int64_t& out) {
    static constexpr std::uint16_t kDaysBefore[2][14] = {
        {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
        {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366}};
    // Separators are xored away to '0', so that one test covers digits and separators.
    constexpr std::uint64_t kDateSeparators = 0x1D00001D00000000;  // ----YYYY -MM-: '-' ^ '0'
    constexpr std::uint64_t kTimeSeparators = 0x00000A0000640000;  // DDTHH:MM
    constexpr std::uint64_t kEndSeparators = 0x000000006A00000A;   // :SSZ
    const std::uint64_t date = load_word(text) ^ kDateSeparators;
    const std::uint64_t time = load_word(text + 8) ^ kTimeSeparators;
    std::uint32_t last = 0;
    std::memcpy(&last, text + 16, sizeof last);
    const std::uint64_t end = (last ^ kEndSeparators) | 0x3030303000000000;
    // A separator's place must hold exactly '0' now.
    constexpr std::uint64_t kDateMask = 0xFF0000FF00000000;
    constexpr std::uint64_t kTimeMask = 0x0000FF0000FF0000;
    constexpr std::uint64_t kEndMask = 0x00000000FF0000FF;
    constexpr std::uint64_t kZeros = 0x3030303030303030;
    const std::uint64_t separators =
        ((date ^ kZeros) & kDateMask) | ((time ^ kZeros) & kTimeMask) | ((end ^ kZeros) & kEndMask);
    if (separators != 0 || !word_is_digits(date) || !word_is_digits(time) || !word_is_digits(end)) {
        return false;
    }
    // Byte n becomes digit n * 10 + digit n + 1.
    const auto pairs = [](std::uint64_t word) {
        word &= 0x0F0F0F0F0F0F0F0F;
        return word * 10 + (word >> 8U);
    };
    const auto byte = [](std::uint64_t word, unsigned at) {
        return static_cast<unsigned>(word >> (8 * at) & 0xFFU);
    };
    const std::uint64_t date_pairs = pairs(date);
    const std::uint64_t time_pairs = pairs(time);
    const unsigned year = byte(date_pairs, 0) * 100 + byte(date_pairs, 2);
    const unsigned month = byte(date_pairs, 5);
    const unsigned day = byte(time_pairs, 0);
    const unsigned hour = byte(time_pairs, 3);
    const unsigned minute = byte(time_pairs, 6);
    const unsigned second = byte(pairs(end), 1);
    if (year == 0 || month - 1 >= 12 || hour >= 24 || minute >= 60 || second >= 60) {
        return false;
    }
    const auto& days_before = kDaysBefore[plain_leap_year(year) ? 1 : 0];
    const unsigned month_days = days_before[month + 1] - unsigned{days_before[month]};
    if (day - 1 >= month_days) {
        return false;
    }
    const std::int64_t days = plain_days_before_year(year) + days_before[month] + day - 1;
    const unsigned seconds = hour * 3600 + minute * 60 + second;
    out = (days * 86400 + seconds) * 1000000;
    return true;
}

}  // namespace muster
