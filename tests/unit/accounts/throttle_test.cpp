#include "accounts/detail/throttle.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kStart = 1'764'000'000 * kSecond;

// Attempts of one user and address that all fail: when, and how long they are told to wait.
TEST(Throttle, DelaysGrowTable) {
    struct Case {
        std::int64_t at_s;
        std::int64_t wait_s;
    };
    const std::vector<Case> cases = {
        {0, 0},   {0, 0},     {0, 0},    {0, 0},
        {0, 0},  // free
        {0, 1},   {1, 0},     {1, 2},    {2, 1},
        {3, 0},  // then 1, 2, 4 ... seconds
        {3, 4},   {7, 0},     {7, 8},    {15, 0},
        {30, 1},                                     // an attempt too early does not lengthen it
        {31, 0},  {63, 0},    {63, 64},              //
        {130, 0}, {130, 128}, {9000, 0}, {9000, 0},  // an hour without attempts: forgotten
    };
    Throttle throttle;
    for (const Case& c : cases) {
        EXPECT_EQ(throttle.begin_login("ada", "192.0.2.1", kStart + c.at_s * kSecond), c.wait_s)
            << "at " << c.at_s;
    }
}

TEST(Throttle, SuccessClearsThePair) {
    Throttle throttle;
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(throttle.begin_login("ada", "192.0.2.1", kStart), 0);
        throttle.login_succeeded("ada", "192.0.2.1");
    }
}

TEST(Throttle, OneAddressCannotLockAUserOutElsewhere) {
    Throttle throttle;
    for (int i = 0; i < 100; ++i) {
        throttle.begin_login("ada", "192.0.2.1", kStart);
    }
    EXPECT_GT(throttle.begin_login("ada", "192.0.2.1", kStart), 0);
    EXPECT_EQ(throttle.begin_login("ada", "192.0.2.2", kStart), 0);
}

TEST(Throttle, ManyAddressesTakeTheFreeAttemptsOnly) {
    Throttle throttle;
    for (int i = 0; i < 200; ++i) {
        throttle.begin_login("ada", "198.51.100." + std::to_string(i), kStart);
    }
    EXPECT_EQ(throttle.begin_login("ada", "192.0.2.1", kStart), 0) << "the first is let pass";
    EXPECT_EQ(throttle.begin_login("ada", "192.0.2.1", kStart), 1) << "the second waits";
    EXPECT_EQ(throttle.begin_login("bob", "192.0.2.1", kStart), 0) << "others are not concerned";
    EXPECT_EQ(throttle.begin_login("bob", "192.0.2.1", kStart), 0);
}

TEST(Throttle, OneAddressOnManyUsersIsSlowed) {
    Throttle throttle;
    int passed = 0;
    for (int i = 0; i < 100; ++i) {
        passed += throttle.begin_login("user" + std::to_string(i), "192.0.2.1", kStart) == 0;
    }
    EXPECT_EQ(passed, 30);
    EXPECT_EQ(throttle.begin_login("user1", "192.0.2.2", kStart), 0);
}

TEST(Throttle, RegistrationsOfOneAddress) {
    Throttle throttle;
    int passed = 0;
    for (int i = 0; i < 50; ++i) {
        passed += throttle.begin_registration("192.0.2.1", kStart) == 0;
    }
    EXPECT_EQ(passed, 20);
    EXPECT_EQ(throttle.begin_registration("192.0.2.2", kStart), 0);
}

TEST(AttemptCounts, MemoryIsBounded) {
    AttemptCounts counts{100};
    for (int i = 0; i < 1000; ++i) {
        counts.add("key" + std::to_string(i), kStart, 5, 60);
    }
    EXPECT_EQ(counts.size(), 100U);
    EXPECT_EQ(counts.count("key999", kStart), 1);
    EXPECT_EQ(counts.count("key0", kStart), 0);
}

}  // namespace
}  // namespace muster
