// Programs that are run for what they print: their outputs, and their end when nobody waits for it.
#include "aws/detail/program_output.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{60'000};
constexpr std::size_t kBytesMax = 1 << 20;

TEST(RunProgram, BothOutputsAndTheExitCode) {
    const auto ran = run_program("echo out; echo err >&2; cat; exit 7", kLong, kBytesMax, nullptr);
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    EXPECT_EQ(ran->out, "out\n");
    EXPECT_EQ(ran->err, "err\n");
    EXPECT_EQ(ran->status, 7);
}

TEST(RunProgram, ASignalIsAnExitCodeAsInAShell) {
    const auto ran = run_program("kill -TERM $$", kLong, kBytesMax, nullptr);
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    EXPECT_EQ(ran->status, 143);
}

TEST(RunProgram, WhatPrintsWithoutEndIsEnded) {
    const auto ran = run_program("yes & yes >&2", kLong, kBytesMax, nullptr);
    ASSERT_FALSE(ran.ok());
    EXPECT_EQ(ran.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(ran.error().message.find("more than 1048576 bytes"), std::string::npos);
}

// Children of the shell hold the outputs open: all of them have to go.
TEST(RunProgram, TimeAndCancelEndAllOfIt) {
    const auto begin = std::chrono::steady_clock::now();
    const auto late = run_program("sleep 60 & sleep 60", milliseconds{100}, kBytesMax, nullptr);
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
    CancelToken cancel;
    cancel.cancel();
    const auto cancelled = run_program("sleep 60 & sleep 60", kLong, kBytesMax, &cancel);
    ASSERT_FALSE(cancelled.ok());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kLong / 2);
}

}  // namespace
}  // namespace muster
