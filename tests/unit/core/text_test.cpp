#include "core/text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace muster {
namespace {

const std::vector<std::string> kWords = {"departments", "jobs", "hired_employees"};

TEST(Text, DidYouMean) {
    const std::pair<std::string, std::string> cases[] = {
        {"departmets", "departments"},
        {"job", "jobs"},
        {"jbos", "jobs"},
        {"hired_employee", "hired_employees"},
        {"orders", ""},
        {"", ""},
        {"xyz", ""},
    };
    for (const auto& [word, expected] : cases) {
        EXPECT_EQ(nearest(word, kWords).value_or(""), expected) << word;
    }
    EXPECT_EQ(did_you_mean("job", kWords), " (did you mean 'jobs'?)");
    EXPECT_EQ(did_you_mean("orders", kWords), "");
    EXPECT_EQ(did_you_mean("job", {}), "");
}

TEST(Text, Globs) {
    struct Case {
        std::string pattern;
        std::string text;
        bool matches;
    };
    for (const Case& c : std::vector<Case>{{"jobs*.csv*", "jobs.csv", true},
                                           {"jobs*.csv*", "jobs-2021.csv.gz", true},
                                           {"jobs*.csv*", "ajobs.csv", false},
                                           {"jobs*.csv*", "jobs/a.csv", false},
                                           {"*/jobs.csv", "a/jobs.csv", true},
                                           {"*/jobs.csv", "a/b/jobs.csv", false},
                                           {"?.csv", "a.csv", true},
                                           {"?.csv", "ab.csv", false},
                                           {"[a-c].csv", "b.csv", true},
                                           {"[!a-c].csv", "b.csv", false},
                                           {"", "", true},
                                           {"", "a", false}}) {
        EXPECT_EQ(glob_match(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
    }
}

TEST(Text, JsonStrings) {
    EXPECT_EQ(json_quote(""), "\"\"");
    EXPECT_EQ(json_quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(json_quote("\n\r\t\x01"), "\"\\n\\r\\t\\u0001\"");
    EXPECT_EQ(json_quote("é€😀"), "\"é€😀\"");
    EXPECT_EQ(json_quote("a\xff"), "\"a\xEF\xBF\xBD\"");
    EXPECT_EQ(json_quote(std::string("\0", 1)), "\"\\u0000\"");
}

TEST(Text, Utf8) {
    for (const char* good : {"", "abc", "é", "€", "😀", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(valid_utf8(good)) << good;
    }
    for (const char* bad :
         {"\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82", "\xFF"}) {
        EXPECT_FALSE(valid_utf8(bad));
    }
}

TEST(Text, Utf8PrefixDoesNotCutACharacter) {
    EXPECT_EQ(utf8_prefix("abc", 5), "abc");
    EXPECT_EQ(utf8_prefix("abc", 3), "abc");
    EXPECT_EQ(utf8_prefix("abc", 2), "ab");
    EXPECT_EQ(utf8_prefix("aé", 2), "a");
    EXPECT_EQ(utf8_prefix("a€b", 3), "a");
    EXPECT_EQ(utf8_prefix("a€b", 4), "a€");
    EXPECT_EQ(utf8_prefix("😀", 3), "");
    EXPECT_EQ(utf8_prefix("abc", 0), "");
}

TEST(Text, Base64AsInRfc4648) {
    const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xff\xfe", "//4="}};
    for (const auto& [bytes, text] : cases) {
        EXPECT_EQ(base64_encode(bytes), text);
    }
}

TEST(Text, Hex) {
    const std::array<std::uint8_t, 3> bytes{0x00, 0xAB, 0xFF};
    EXPECT_EQ(hex(bytes), "00abff");
}

TEST(Text, Sizes) {
    struct Case {
        std::string text;
        std::optional<std::uint64_t> bytes;
    };
    for (const Case& c : std::vector<Case>{{"0", 0},
                                           {"1048576", 1048576},
                                           {"512MiB", 536870912},
                                           {"1GiB", 1073741824},
                                           {"64 kB", 64000},
                                           {"2k", 2000},
                                           {"", std::nullopt},
                                           {"MiB", std::nullopt},
                                           {"-1", std::nullopt},
                                           {"1.5GiB", std::nullopt},
                                           {"1XB", std::nullopt},
                                           {"18446744073709551615", UINT64_MAX},
                                           {"18446744073709551616", std::nullopt},
                                           {"99999999999TiB", std::nullopt}}) {
        EXPECT_EQ(parse_size_bytes(c.text), c.bytes) << c.text;
    }
}

TEST(Text, NumbersForPeople) {
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(999), "999");
    EXPECT_EQ(with_thousands(1000), "1,000");
    EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
    EXPECT_EQ(with_thousands(INT64_MIN), "-9,223,372,036,854,775,808");
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_bytes(1ULL << 40U), "1.0 TiB");
}

}  // namespace
}  // namespace muster
