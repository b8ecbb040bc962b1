// Dates and RFC 3339 timestamps from text; the calendar against the standard library's own.
#include "types/decode.h"
#include "types/detail/calendar.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace muster {
namespace {

namespace chrono = std::chrono;

constexpr auto kOk = DecodeStatus::kOk;
constexpr auto kMalformed = DecodeStatus::kMalformed;
constexpr auto kOutOfRange = DecodeStatus::kOutOfRange;

struct Case {
    std::string text;
    DecodeStatus status;
    std::string expected = {};  // the canonical text
};

void check(TypeKind kind, const std::vector<Case>& cases) {
    const ColumnType type{kind, 0, 0};
    for (const Case& c : cases) {
        SCOPED_TRACE("'" + c.text + "'");
        Value value;
        EXPECT_TRUE(decode_value(type, {}, c.text, value) == c.status);
        EXPECT_EQ(value_text(type, value), c.expected);
    }
}

TEST(DecodeTime, DatesThatAreNone) {
    std::vector<Case> cases;
    for (const char* text : {"",
                             "2021",
                             "2021-1-1",
                             "2021-01-1",
                             "21-01-01",
                             "2021/01/01",
                             "2021-00-01",
                             "2021-13-01",
                             "2021-01-00",
                             "2021-01-32",
                             "2021-02-29",
                             "2021-02-31",
                             "2021-04-31",
                             "1900-02-29",
                             "2100-02-29",
                             "20210101",
                             "2021-01-01 ",
                             " 2021-01-01",
                             "2021-01-1a",
                             "+021-01-01",
                             "-021-01-01",
                             "12021-01-01",
                             "2021-01-01Z",
                             "0000-02-30",
                             "2021--1-01",
                             "2021-01-01T00:00:00Z",
                             "today",
                             "2021-W01-1",
                             "0000-00-00"}) {
        cases.push_back({text, kMalformed});
    }
    check(TypeKind::kDate, cases);
}

TEST(DecodeTime, Dates) {
    check(TypeKind::kDate,
          {{"1970-01-01", kOk, "1970-01-01"},
           {"1969-12-31", kOk, "1969-12-31"},
           {"0001-01-01", kOk, "0001-01-01"},
           {"9999-12-31", kOk, "9999-12-31"},
           {"2000-02-29", kOk, "2000-02-29"},
           {"2024-02-29", kOk, "2024-02-29"},
           {"0000-12-31", kOutOfRange},
           {"0000-02-29", kOutOfRange},
           {"0000-01-01", kOutOfRange}});
}

TEST(DecodeTime, TimestampsThatAreNone) {
    std::vector<Case> cases;
    for (const char* text : {
             "",
             "2021-11-07",
             "2021-11-07T02:48:42",
             "2021-11-07T02:48Z",
             "2021-11-07T02Z",
             "2021-11-07 02:48:42 Z",
             "2021-11-07  02:48:42Z",
             "2021-11-07\t02:48:42Z",
             "2021-11-07_02:48:42Z",
             "2021-11-0702:48:42Z",
             "2021-11-07T02:48:42+0530",
             "2021-11-07T02:48:42+05",
             "2021-11-07T02:48:42+5:30",
             "2021-11-07T02:48:42+24:00",
             "2021-11-07T02:48:42-24:00",
             "2021-11-07T02:48:42+05:60",
             "2021-11-07T02:48:42+05:3",
             "2021-11-07T02:48:42+05:300",
             "2021-11-07T02:48:42+ab:cd",
             "2021-11-07T02:48:42+05-30",
             "2021-11-07T02:48:42ZZ",
             "2021-11-07T02:48:42UTC",
             "2021-11-07T02:48:42Z+00:00",
             "2021-11-07T02:48:42.Z",
             "2021-11-07T02:48:42.",
             "2021-11-07T02:48:42.5",
             "2021-11-07T02:48:42,5Z",
             "2021-11-07T02:48:42.1234567Z",
             "2021-11-07T02:48:42.0000001Z",
             "2021-11-07T02:48:42.123456000001Z",
             "2021-11-07T24:00:00Z",
             "2021-11-07T23:60:00Z",
             "2021-11-07T23:59:60Z",
             "2016-12-31T23:59:60Z",
             "2021-11-07T2:48:42Z",
             "2021-11-07T02.48.42Z",
             "2021-02-29T00:00:00Z",
             "2021-02-31T00:00:00Z",
             "2021-00-10T00:00:00Z",
             "2021-13-10T00:00:00Z",
             "2021-10-00T00:00:00Z",
             "2021-10-32T00:00:00Z",
             "12021-11-07T02:48:42Z",
             "-2021-11-07T02:48:42Z",
             "2021-11-07T-2:48:42Z",
             "20211107T024842Z",
             "1636253322",
             "2021-11-07T02:48:42\u221205:00",
         }) {
        cases.push_back({text, kMalformed});
    }
    check(TypeKind::kTimestamp, cases);
}

TEST(DecodeTime, Timestamps) {
    check(TypeKind::kTimestamp,
          {{"2021-11-07T02:48:42Z", kOk, "2021-11-07T02:48:42Z"},
           {"2021-11-07t02:48:42z", kOk, "2021-11-07T02:48:42Z"},
           {"2021-11-07 02:48:42Z", kOk, "2021-11-07T02:48:42Z"},
           {"2021-11-07T02:48:42+00:00", kOk, "2021-11-07T02:48:42Z"},
           {"2021-11-07T02:48:42-00:00", kOk, "2021-11-07T02:48:42Z"},
           {"2021-11-07T02:48:42+05:30", kOk, "2021-11-06T21:18:42Z"},
           {"2021-11-07T02:48:42-08:00", kOk, "2021-11-07T10:48:42Z"},
           {"2021-11-07T00:00:00+23:59", kOk, "2021-11-06T00:01:00Z"},
           {"2021-11-07T00:00:00-23:59", kOk, "2021-11-07T23:59:00Z"},
           {"2021-11-07T02:48:42.5Z", kOk, "2021-11-07T02:48:42.500000Z"},
           {"2021-11-07T02:48:42.123456Z", kOk, "2021-11-07T02:48:42.123456Z"},
           {"2021-11-07T02:48:42.000001+00:01", kOk, "2021-11-07T02:47:42.000001Z"},
           {"2021-11-07T02:48:42.12345600000000Z", kOk, "2021-11-07T02:48:42.123456Z"},
           {"2021-11-07T02:48:42.0Z", kOk, "2021-11-07T02:48:42Z"},
           {"1970-01-01T00:00:00Z", kOk, "1970-01-01T00:00:00Z"},
           {"1969-12-31T23:59:59.999999Z", kOk, "1969-12-31T23:59:59.999999Z"},
           {"2020-02-29T23:59:59Z", kOk, "2020-02-29T23:59:59Z"},
           {"0001-01-01T00:00:00Z", kOk, "0001-01-01T00:00:00Z"},
           {"9999-12-31T23:59:59.999999Z", kOk, "9999-12-31T23:59:59.999999Z"}});
}

TEST(DecodeTime, TheYearIsCheckedInUtc) {
    check(TypeKind::kTimestamp,
          {{"0001-01-01T00:00:00+00:01", kOutOfRange},
           {"0001-01-01T00:01:00+00:01", kOk, "0001-01-01T00:00:00Z"},
           {"0000-12-31T23:59:00-00:01", kOk, "0001-01-01T00:00:00Z"},
           {"0000-12-31T23:59:59Z", kOutOfRange},
           {"0000-01-01T00:00:00Z", kOutOfRange},
           {"9999-12-31T23:59:59-00:01", kOutOfRange},
           {"9999-12-31T23:58:59.999999-00:01", kOk, "9999-12-31T23:59:59.999999Z"}});
}

// Every day there is, by an implementation that is not ours.
TEST(DecodeTime, EveryDayAgreesWithChrono) {
    const chrono::sys_days first{chrono::year{1} / 1 / 1};
    const chrono::sys_days last{chrono::year{9999} / 12 / 31};
    std::string text(20, '0');
    for (chrono::sys_days day = first; day <= last; day += chrono::days{1}) {
        const chrono::year_month_day date{day};
        std::snprintf(text.data(),
                      text.size(),
                      "%04d-%02u-%02u",
                      static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()));
        std::int32_t days = 0;
        ASSERT_TRUE(decode_date(std::string_view{text}.substr(0, 10), days) == kOk) << text;
        ASSERT_EQ(days, day.time_since_epoch().count()) << text;
    }
}

// For every year and month, the day after the last one is refused.
TEST(DecodeTime, MonthLengthsAgreeWithChrono) {
    for (int year = 1; year <= 9999; ++year) {
        for (unsigned month = 1; month <= 12; ++month) {
            const chrono::year_month_day_last last{chrono::year{year} / chrono::month{month} /
                                                   chrono::last};
            ASSERT_EQ(static_cast<unsigned>(days_in_month(year, static_cast<int>(month))),
                      static_cast<unsigned>(last.day()))
                << year << "-" << month;
        }
    }
}

TEST(DecodeTime, EverySecondOfADayIsRead) {
    for (int second = 0; second < 86400; second += 7) {
        char text[32];
        std::snprintf(text,
                      sizeof text,
                      "1970-01-01T%02d:%02d:%02dZ",
                      second / 3600,
                      second / 60 % 60,
                      second % 60);
        std::int64_t timestamp_us = -1;
        ASSERT_TRUE(decode_timestamp(text, {}, timestamp_us) == kOk) << text;
        ASSERT_EQ(timestamp_us, second * 1000000LL);
    }
}

// A text cut short or with one byte changed is never read as something else by luck: it decodes
// only if the changed text is itself of the form.
TEST(DecodeTime, EveryPrefixOfATimestampIsRefused) {
    const std::string text = "2021-11-07T02:48:42.123456+05:30";
    for (std::size_t length = 0; length < text.size(); ++length) {
        std::int64_t timestamp_us = 0;
        EXPECT_TRUE(decode_timestamp(text.substr(0, length), {}, timestamp_us) == kMalformed)
            << length;
    }
}

}  // namespace
}  // namespace muster
