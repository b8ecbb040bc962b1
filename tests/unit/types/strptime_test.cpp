// Timestamps by declared formats, and formats that muster does not read.
#include "types/decode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

constexpr auto kOk = DecodeStatus::kOk;
constexpr auto kMalformed = DecodeStatus::kMalformed;
constexpr auto kOutOfRange = DecodeStatus::kOutOfRange;

struct Case {
    std::vector<std::string> formats;
    std::string text;
    DecodeStatus status;
    std::string expected = {};
};

const std::vector<Case> kCases = {
    {{"%Y-%m-%d"}, "2021-11-07", kOk, "2021-11-07T00:00:00Z"},
    {{"%Y-%m-%d"}, "2021-1-7", kOk, "2021-01-07T00:00:00Z"},
    {{"%Y-%m-%d"}, "2021-11-07 ", kMalformed},
    {{"%Y-%m-%d"}, "2021-11-07x", kMalformed},
    {{"%Y-%m-%d"}, "2021-11", kMalformed},
    {{"%Y-%m-%d"}, "2021-02-30", kMalformed},
    {{"%Y-%m-%d"}, "2021-13-01", kMalformed},
    {{"%Y-%m-%d"}, "2021-00-01", kMalformed},
    {{"%Y-%m-%d"}, "21-01-01", kMalformed},
    {{"%Y-%m-%d"}, "0000-01-01", kOutOfRange},
    {{"%Y-%m-%d"}, "", kMalformed},
    {{"%Y%m%d"}, "20211107", kOk, "2021-11-07T00:00:00Z"},
    {{"%Y%m%d%H%M%S"}, "20211107024842", kOk, "2021-11-07T02:48:42Z"},
    {{"%d/%m/%Y %H:%M"}, "07/11/2021 02:48", kOk, "2021-11-07T02:48:00Z"},
    {{"%d/%m/%Y %H:%M"}, "07/11/2021 24:00", kMalformed},
    {{"%d/%m/%Y %H:%M"}, "07/11/2021 23:60", kMalformed},
    {{"%F %T"}, "2021-11-07 02:48:42", kOk, "2021-11-07T02:48:42Z"},
    {{"%F %T"}, "2021-11-07 02:48:60", kMalformed},
    {{"%F %T.%f"}, "2021-11-07 02:48:42.5", kOk, "2021-11-07T02:48:42.500000Z"},
    {{"%F %T.%f"}, "2021-11-07 02:48:42.1234560", kOk, "2021-11-07T02:48:42.123456Z"},
    {{"%F %T.%f"}, "2021-11-07 02:48:42.1234567", kMalformed},
    {{"%F %T.%f"}, "2021-11-07 02:48:42.", kMalformed},
    {{"%F %R"}, "2021-11-07 02:48", kOk, "2021-11-07T02:48:00Z"},
    {{"%D"}, "11/07/21", kOk, "2021-11-07T00:00:00Z"},
    {{"%D"}, "11/07/69", kOk, "1969-11-07T00:00:00Z"},
    {{"%D"}, "11/07/68", kOk, "2068-11-07T00:00:00Z"},
    {{"%D"}, "11/07/2021", kMalformed},
    {{"%d %b %Y"}, "7 Nov 2021", kOk, "2021-11-07T00:00:00Z"},
    {{"%d %b %Y"}, "7 NOVEMBER 2021", kOk, "2021-11-07T00:00:00Z"},
    {{"%d %B %Y"}, "7 may 2021", kOk, "2021-05-07T00:00:00Z"},
    {{"%d %B %Y"}, "7 Mai 2021", kMalformed},
    {{"%b %e %Y"}, "Nov  7 2021", kOk, "2021-11-07T00:00:00Z"},
    {{"%b %e %Y"}, "Nov 17 2021", kOk, "2021-11-17T00:00:00Z"},
    {{"%Y-%j"}, "2021-001", kOk, "2021-01-01T00:00:00Z"},
    {{"%Y-%j"}, "2021-365", kOk, "2021-12-31T00:00:00Z"},
    {{"%Y-%j"}, "2020-366", kOk, "2020-12-31T00:00:00Z"},
    {{"%Y-%j"}, "2020-060", kOk, "2020-02-29T00:00:00Z"},
    {{"%Y-%j"}, "2021-366", kMalformed},
    {{"%Y-%j"}, "2021-000", kMalformed},
    {{"%F %I:%M %p"}, "2021-11-07 12:30 AM", kOk, "2021-11-07T00:30:00Z"},
    {{"%F %I:%M %p"}, "2021-11-07 12:30 pm", kOk, "2021-11-07T12:30:00Z"},
    {{"%F %I:%M %p"}, "2021-11-07 01:30 PM", kOk, "2021-11-07T13:30:00Z"},
    {{"%F %I:%M %p"}, "2021-11-07 00:30 AM", kMalformed},
    {{"%F %I:%M %p"}, "2021-11-07 13:30 PM", kMalformed},
    {{"%F %T%z"}, "2021-11-07 02:48:42+05:30", kOk, "2021-11-06T21:18:42Z"},
    {{"%F %T%z"}, "2021-11-07 02:48:42+0530", kOk, "2021-11-06T21:18:42Z"},
    {{"%F %T%z"}, "2021-11-07 02:48:42-05", kOk, "2021-11-07T07:48:42Z"},
    {{"%F %T%z"}, "2021-11-07 02:48:42Z", kOk, "2021-11-07T02:48:42Z"},
    {{"%F %T%z"}, "2021-11-07 02:48:42+24:00", kMalformed},
    {{"%F %T%z"}, "2021-11-07 02:48:42+0560", kMalformed},
    {{"%F %T%z"}, "2021-11-07 02:48:42", kMalformed},
    {{"%F %T%z"}, "0001-01-01 00:00:00+00:01", kOutOfRange},
    {{"%F %T %Z"}, "2021-11-07 02:48:42 utc", kOk, "2021-11-07T02:48:42Z"},
    {{"%F %T %Z"}, "2021-11-07 02:48:42 GMT", kOk, "2021-11-07T02:48:42Z"},
    {{"%F %T %Z"}, "2021-11-07 02:48:42 CET", kMalformed},
    {{"%Y%%%m%%%d"}, "2021%11%07", kOk, "2021-11-07T00:00:00Z"},
    {{"le %d.%m.%Y"}, "le 07.11.2021", kOk, "2021-11-07T00:00:00Z"},
    // The first format that matches wins, RFC 3339 comes last and is always there.
    {{"%d/%m/%Y", "%m/%d/%Y"}, "03/04/2021", kOk, "2021-04-03T00:00:00Z"},
    {{"%d/%m/%Y", "%m/%d/%Y"}, "03/14/2021", kOk, "2021-03-14T00:00:00Z"},
    {{"%d/%m/%Y"}, "2021-11-07T02:48:42Z", kOk, "2021-11-07T02:48:42Z"},
    {{"%d/%m/%Y"}, "2021-11-07T02:48:42", kMalformed},
};

TEST(Strptime, Cases) {
    const ColumnType type{TypeKind::kTimestamp, 0, 0};
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.formats.front() + " '" + c.text + "'");
        for (const std::string& format : c.formats) {
            EXPECT_EQ(timestamp_format_problem(format), "");
        }
        Value value;
        EXPECT_TRUE(decode_value(type, c.formats, c.text, value) == c.status);
        EXPECT_EQ(value_text(type, value), c.expected);
    }
}

TEST(Strptime, FormatsThatAreNotRead) {
    struct Bad {
        std::string format;
        std::string problem;  // a part of the text
    };
    for (const Bad& bad : std::vector<Bad>{{"", "no year"},
                                           {"%H:%M", "no year"},
                                           {"%Y", "month and a day"},
                                           {"%Y-%m", "month and a day"},
                                           {"%Y-%d", "month and a day"},
                                           {"%Y-%j-%d", "month and a day"},
                                           {"%Y-%m-%d %", "lone '%'"},
                                           {"%Y-%m-%d %Q", "'%Q' is unknown"},
                                           {"%Y-%m-%d %a", "'%a' is unknown"},
                                           {"%Y-%m-%d %s", "'%s' is unknown"},
                                           {"%Y-%y-%m-%d", "more than one"},
                                           {"%F %m", "more than one"},
                                           {"%F %T %H", "more than one"},
                                           {"%F %H:%M %p", "belong together"},
                                           {"%F %I:%M", "belong together"}}) {
        EXPECT_NE(timestamp_format_problem(bad.format).find(bad.problem), std::string::npos)
            << bad.format << ": " << timestamp_format_problem(bad.format);
    }
}

}  // namespace
}  // namespace muster
