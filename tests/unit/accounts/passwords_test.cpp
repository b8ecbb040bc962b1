#include "accounts/detail/passwords.h"

#include "accounts/detail/encoding.h"
#include "accounts/detail/hasher.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace muster {
namespace {

TEST(Names, Table) {
    struct Case {
        std::string name;
        bool good;
    };
    const std::vector<Case> cases = {
        {"", false},
        {"ab", false},
        {"abc", true},
        {std::string(64, 'a'), true},
        {std::string(65, 'a'), false},
        {"Ada.Love_lace-1", true},
        {"1st", true},
        {".ada", false},
        {"-ada", false},
        {"ada lovelace", false},
        {"ada\n", false},
        {std::string("ada\0x", 5), false},
        {"ad\xc3\xa4", false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(!name_fault(c.name).has_value(), c.good) << c.name;
    }
    EXPECT_EQ(normal_name("Ada.L"), "ada.l");
}

TEST(Passwords, Table) {
    struct Case {
        std::string password;
        bool good;
    };
    std::string umlauts;
    for (int i = 0; i < 128; ++i) {
        umlauts += "\xc3\xa4";
    }
    const std::vector<Case> cases = {
        {"", false},
        {"1234abz", false},
        {"1234abzx", true},
        {std::string(128, 'x'), true},
        {std::string(129, 'x'), false},
        {umlauts, true},
        {umlauts + "x", false},
        {"password", false},
        {"PassWord123", false},
        {"Ada.Lovelace", false},
        {"correct horse", true},
        {"not \xff utf-8", false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(!password_fault(c.password, "ada.lovelace").has_value(), c.good) << c.password;
    }
    EXPECT_TRUE(password_oversized(std::string(129, 'x')));
    EXPECT_FALSE(password_oversized(umlauts));
}

class HasherTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(sodium_ready()); }
};

TEST_F(HasherTest, RightWrongAndNobody) {
    Hasher hasher;
    const std::string hash = hasher.hash("correct horse")->value();
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
    EXPECT_TRUE(hasher.verify(hash, "correct horse")->value().right);
    EXPECT_FALSE(hasher.verify(hash, "correct horse")->value().outdated);
    EXPECT_FALSE(hasher.verify(hash, "correct hors")->value().right);
    EXPECT_EQ(hasher.computed(), 4U);
    EXPECT_FALSE(hasher.verify("", "")->value().right);
    EXPECT_FALSE(hasher.verify("", "")->value().outdated);
    EXPECT_EQ(hasher.computed(), 6U);
}

TEST_F(HasherTest, AFullQueueRefuses) {
    Hasher none{0};
    EXPECT_FALSE(none.hash("correct horse")->has_value());
    EXPECT_FALSE(none.verify("", "correct horse")->has_value());
    EXPECT_EQ(none.computed(), 0U);
}

TEST_F(HasherTest, ManyAtOnceAreDoneOrRefused) {
    Hasher hasher{2};
    std::atomic<int> done{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads(8);
    for (std::thread& thread : threads) {
        thread = std::thread([&] { ++(hasher.verify("", "x")->has_value() ? done : refused); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(done + refused, 8);
    EXPECT_GE(done, 2);
    EXPECT_EQ(hasher.computed(), static_cast<std::uint64_t>(done));
}

}  // namespace
}  // namespace muster
