#include "types/decode.h"
#include "types/detail/calendar.h"
#include "types/detail/strptime.h"

namespace muster {
namespace {

constexpr std::size_t kDateBytes = 10;     // 2021-11-07
constexpr std::size_t kSecondsBytes = 19;  // 2021-11-07T02:48:42
constexpr std::size_t kOffsetBytes = 6;    // +05:30

// YYYY-MM-DD at the start of `text`; the calendar is not looked at. Requires: ten bytes are there.
bool read_date(std::string_view text, TimestampParts& parts) {
    if (text[4] != '-' || text[7] != '-') {
        return false;
    }
    const int century = two_digits(text.data());
    const int year = two_digits(text.data() + 2);
    parts.month = two_digits(text.data() + 5);
    parts.day = two_digits(text.data() + 8);
    parts.year = century * 100 + year;
    return century < 100 && year < 100 && parts.month < 100 && parts.day < 100;
}

bool read_offset(std::string_view text, int& offset_minutes) {
    if (text == "Z" || text == "z") {
        offset_minutes = 0;
        return true;
    }
    if (text.size() != kOffsetBytes || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return false;
    }
    const int hours = two_digits(text.data() + 1);
    const int minutes = two_digits(text.data() + 4);
    offset_minutes = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

// RFC 3339, with a lower case t or one space in the place of T.
DecodeStatus decode_rfc3339(std::string_view text, std::int64_t& out) {
    TimestampParts parts;
    if (text.size() <= kSecondsBytes || !read_date(text, parts)) {
        return DecodeStatus::kMalformed;
    }
    const char separator = text[kDateBytes];
    if ((separator != 'T' && separator != 't' && separator != ' ') || text[13] != ':' ||
        text[16] != ':') {
        return DecodeStatus::kMalformed;
    }
    parts.hour = two_digits(text.data() + 11);
    parts.minute = two_digits(text.data() + 14);
    parts.second = two_digits(text.data() + 17);
    std::size_t at = kSecondsBytes;
    if (text[at] == '.' && !read_fraction(text, ++at, parts.micros)) {
        return DecodeStatus::kMalformed;
    }
    if (!read_offset(text.substr(at), parts.offset_minutes)) {
        return DecodeStatus::kMalformed;
    }
    return timestamp_from_parts(parts, out);
}

}  // namespace

DecodeStatus timestamp_from_parts(const TimestampParts& parts, std::int64_t& out) {
    if (parts.month < 1 || parts.month > 12 || parts.day < 1 ||
        parts.day > days_in_month(parts.year, parts.month) || parts.hour > 23 ||
        parts.minute > 59 || parts.second > 59) {
        return DecodeStatus::kMalformed;
    }
    const std::int64_t days = days_from_civil(parts.year, parts.month, parts.day);
    const std::int64_t seconds = days * kSecondsPerDay + parts.hour * 3600 + parts.minute * 60 +
                                 parts.second - parts.offset_minutes * 60;
    const std::int64_t timestamp_us = seconds * kMicrosPerSecond + parts.micros;
    if (timestamp_us < kTimestampMin || timestamp_us >= kTimestampEnd) {
        return DecodeStatus::kOutOfRange;
    }
    out = timestamp_us;
    return DecodeStatus::kOk;
}

DecodeStatus decode_date(std::string_view text, std::int32_t& out) {
    TimestampParts parts;
    if (text.size() != kDateBytes || !read_date(text, parts) || parts.month < 1 ||
        parts.month > 12 || parts.day < 1 || parts.day > days_in_month(parts.year, parts.month)) {
        return DecodeStatus::kMalformed;
    }
    if (parts.year < kYearMin) {
        return DecodeStatus::kOutOfRange;
    }
    out = days_from_civil(parts.year, parts.month, parts.day);
    return DecodeStatus::kOk;
}

DecodeStatus decode_timestamp(std::string_view text,
                              std::span<const std::string> formats,
                              std::int64_t& out) {
    DecodeStatus status = DecodeStatus::kMalformed;
    for (const std::string& format : formats) {
        const DecodeStatus by_format = decode_by_format(text, format, out);
        if (by_format == DecodeStatus::kOk) {
            return by_format;
        }
        if (by_format == DecodeStatus::kOutOfRange) {
            status = by_format;
        }
    }
    const DecodeStatus by_rfc3339 = decode_rfc3339(text, out);
    return by_rfc3339 == DecodeStatus::kMalformed ? status : by_rfc3339;
}

}  // namespace muster
