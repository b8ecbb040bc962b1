#include "core/percent.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Percent, DigitsOfEitherCase) {
    EXPECT_EQ(hex_digit('0'), 0);
    EXPECT_EQ(hex_digit('9'), 9);
    EXPECT_EQ(hex_digit('a'), 10);
    EXPECT_EQ(hex_digit('F'), 15);
    for (const char c : {'/', ':', '@', 'G', '`', 'g', '\0', '\xff'}) {
        EXPECT_EQ(hex_digit(c), -1) << static_cast<int>(c);
    }
}

TEST(Percent, WhatIsNoEscapeStays) {
    EXPECT_EQ(percent_decode_lenient("a%2Fb%2fc", false), "a/b/c");
    EXPECT_EQ(percent_decode_lenient("%", false), "%");
    EXPECT_EQ(percent_decode_lenient("%4", false), "%4");
    EXPECT_EQ(percent_decode_lenient("%4g%g4%%41", false), "%4g%g4%A");
    EXPECT_EQ(percent_decode_lenient("a+b%2B", false), "a+b+");
    EXPECT_EQ(percent_decode_lenient("a+b%2B", true), "a b+");
    EXPECT_EQ(percent_decode_lenient("", true), "");
}

}  // namespace
}  // namespace muster
