#include "control/invocation.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

Invocation example() {
    Invocation invocation;
    invocation.arguments = {"query", "SELECT 1", "", std::string("a\0b", 3)};
    invocation.working_dir = "/some/where";
    invocation.environment = {{"MUSTER_SOURCE", "data"}, {"NO_COLOR", ""}};
    invocation.terminal = {.in = true, .out = false, .err = true, .columns = 132};
    return invocation;
}

TEST(Invocation, ComesBackAsItWas) {
    const Invocation sent = example();
    const auto got = decode_invocation(encode_invocation(sent));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->arguments, sent.arguments);
    EXPECT_EQ(got->working_dir, sent.working_dir);
    EXPECT_EQ(got->environment, sent.environment);
    EXPECT_TRUE(got->terminal.in);
    EXPECT_FALSE(got->terminal.out);
    EXPECT_TRUE(got->terminal.err);
    EXPECT_EQ(got->terminal.columns, 132);
}

TEST(Invocation, EveryCutIsRefused) {
    const std::string bytes = encode_invocation(example());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(decode_invocation(std::string_view{bytes}.substr(0, length)).ok()) << length;
    }
    EXPECT_FALSE(decode_invocation(bytes + "x").ok());
}

TEST(Invocation, CountsBeyondTheBytesAreRefused) {
    EXPECT_FALSE(decode_invocation("\xff\xff\xff\xff").ok());
    EXPECT_FALSE(decode_invocation(std::string("\1\0\0\0\xff\xff\xff\x7f", 8)).ok());
}

}  // namespace
}  // namespace muster
