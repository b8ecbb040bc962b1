#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kNow = 1'764'000'000'000'000;
constexpr std::int64_t kDay = 86'400'000'000;

class StateStoreTest : public WarehouseTest {
  protected:
    StateStore& store() { return warehouse_->state(); }
    static UserRecord user(const std::string& name, const std::string& role = "writer") {
        return {.name = name, .role = role, .password_hash = "hash", .created_at_us = kNow};
    }
    static RefreshToken token(const std::string& hash, const std::string& family = "family") {
        return {.token_hash = hash, .family = family, .user = "ada", .expires_at_us = kNow + kDay};
    }
    std::vector<std::string> tokens() {
        return rows_of("SELECT token_hash, spent_at_us <> 0 FROM muster.refresh_tokens ORDER BY 1");
    }
};

TEST_F(StateStoreTest, TheFirstUserHasTheFirstRole) {
    EXPECT_TRUE(*store().add_user(user("ada"), "admin"));
    EXPECT_FALSE(*store().add_user(user("ada", "reader"), "admin")) << "taken";
    EXPECT_TRUE(*store().add_user(user("bob"), "admin"));
    reopen();
    EXPECT_EQ(store().find_user("ada")->value().role, "admin");
    EXPECT_EQ(store().find_user("bob")->value().role, "writer");
    EXPECT_FALSE(store().find_user("carl")->has_value());
    EXPECT_EQ(store().users()->size(), 2U);
}

TEST_F(StateStoreTest, ManyMayRegisterTheSameName) {
    std::atomic<int> added{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { added += *store().add_user(user("ada"), "admin"); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(added, 1);
    EXPECT_EQ(store().users()->size(), 1U);
}

TEST_F(StateStoreTest, AChangeOfWhatSomebodyElseChangedIsRefused) {
    ASSERT_TRUE(*store().add_user(user("ada"), ""));
    UserRecord ada = store().find_user("ada")->value();
    ada.disabled = true;
    ada.token_version = 2;
    EXPECT_EQ(*store().change_user(ada, 1), UserChange::kDone);
    EXPECT_EQ(*store().change_user(ada, 1), UserChange::kOutdated);
    EXPECT_EQ(*store().change_user(user("nobody"), 1), UserChange::kOutdated);
    EXPECT_EQ(store().facts().user("ada")->token_version, 2);
    reopen();
    EXPECT_TRUE(store().find_user("ada")->value().disabled);
    EXPECT_FALSE(store().facts().user("ada").has_value()) << "not read yet";
    ASSERT_TRUE(store().users().ok());
    EXPECT_TRUE(store().facts().user("ada")->disabled);
}

TEST_F(StateStoreTest, TheLastAdminStays) {
    UserRecord ada = user("ada", "admin");
    UserRecord bob = user("bob", "admin");
    ASSERT_TRUE(*store().add_user(ada, ""));
    ASSERT_TRUE(*store().add_user(bob, ""));
    bob.disabled = true;
    ASSERT_EQ(*store().change_user(bob, 1), UserChange::kDone);
    ada.disabled = true;
    EXPECT_EQ(*store().change_user(ada, 1), UserChange::kLastAdmin) << "bob is disabled";
    ada.disabled = false;
    ada.role = "reader";
    EXPECT_EQ(*store().change_user(ada, 1), UserChange::kLastAdmin);
    EXPECT_EQ(store().find_user("ada")->value().role, "admin");
    EXPECT_EQ(*store().change_user(bob, 1), UserChange::kDone) << "who is none may stay none";
    bob.disabled = false;
    ASSERT_EQ(*store().change_user(bob, 1), UserChange::kDone);
    EXPECT_EQ(*store().change_user(ada, 1), UserChange::kDone);
}

TEST_F(StateStoreTest, OfTwoAdminsWhoGoAtOnceOneStays) {
    const std::vector<std::string> names = {"ada", "bob"};
    for (const std::string& name : names) {
        ASSERT_TRUE(*store().add_user(user(name, "admin"), ""));
    }
    for (int round = 0; round < 10; ++round) {
        std::atomic<int> refused{0};
        std::vector<std::thread> threads;
        threads.reserve(names.size());
        for (const std::string& name : names) {
            threads.emplace_back([&] {
                const auto change = *store().change_user(user(name, "reader"), 1);
                refused += change == UserChange::kLastAdmin ? 1 : 0;
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(refused, 1);
        for (const std::string& name : names) {
            ASSERT_EQ(*store().change_user(user(name, "admin"), 1), UserChange::kDone);
        }
    }
}

TEST_F(StateStoreTest, RevokedTokensStayUntilTheyExpire) {
    ASSERT_TRUE(store().revoke({"one", kNow + 1}).ok());
    ASSERT_TRUE(store().revoke({"two", kNow + kDay}).ok());
    ASSERT_TRUE(store().revoke({"two", kNow + kDay}).ok());
    EXPECT_TRUE(store().facts().revoked("one"));
    reopen();
    EXPECT_EQ(store().revoked(kNow)->size(), 2U);
    EXPECT_TRUE(store().facts().revoked("one"));
    EXPECT_EQ(store().revoked(kNow + 1)->size(), 1U);
    EXPECT_FALSE(store().facts().revoked("one"));
    EXPECT_TRUE(store().facts().revoked("two"));
}

TEST_F(StateStoreTest, ARefreshTokenIsSpentOnce) {
    ASSERT_TRUE(store().add_refresh(token("a")).ok());
    EXPECT_TRUE(*store().rotate_refresh("a", token("b"), kNow));
    EXPECT_FALSE(*store().rotate_refresh("a", token("c"), kNow));
    EXPECT_FALSE(*store().rotate_refresh("nonesuch", token("c"), kNow));
    reopen();
    EXPECT_THAT(tokens(), ElementsAre("a|true", "b|false"));
    EXPECT_EQ(store().find_refresh("a")->value().spent_at_us, kNow);
    ASSERT_TRUE(store().add_refresh(token("x", "other")).ok());
    ASSERT_TRUE(store().drop_family("family").ok());
    EXPECT_THAT(tokens(), ElementsAre("x|false"));
    ASSERT_TRUE(store().drop_refresh_of("ada").ok());
    EXPECT_THAT(tokens(), IsEmpty());
}

TEST_F(StateStoreTest, OneOfManyRotationsWins) {
    ASSERT_TRUE(store().add_refresh(token("a")).ok());
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back(
            [&, i] { won += *store().rotate_refresh("a", token("b" + std::to_string(i)), kNow); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(tokens().size(), 2U);
}

TEST_F(StateStoreTest, AnAnswerIsFoundUntilItExpires) {
    const IdempotencyKey key{.scope = "ada POST /runs", .key = "k", .payload_hash = "p"};
    ASSERT_TRUE(store().store_answer(key, {201, "A: b\r\n", "{\"x\":\"\xc3\xa4\"}"}, kNow).ok());
    ASSERT_TRUE(store().store_answer(key, {202, "", "{}"}, kNow + kDay).ok());
    reopen();
    const auto found = *store().find_answer(key.scope, "k", kNow);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->payload_hash, "p");
    EXPECT_EQ(found->answer.status, 202);
    EXPECT_FALSE(store().find_answer("bob POST /runs", "k", kNow)->has_value());
    EXPECT_FALSE(store().find_answer(key.scope, "k", kNow + kDay)->has_value());
}

TEST_F(StateStoreTest, TheAuditLogIsReadNewestFirstAndExpires) {
    for (const std::int64_t day : {1, 2, 3}) {
        ASSERT_TRUE(store()
                        .add_audit({.at_us = kNow + day * kDay,
                                    .user = "ada",
                                    .action = "a" + std::to_string(day)})
                        .ok());
    }
    EXPECT_EQ(store().audit(2)->at(0).action, "a3");
    EXPECT_EQ(store().audit(2)->size(), 2U);
    ASSERT_TRUE(store().add_refresh(token("a")).ok());
    ASSERT_TRUE(store().revoke({"one", kNow + kDay}).ok());
    ASSERT_TRUE(store().expire(kNow + 3 * kDay, 1).ok());
    EXPECT_EQ(store().audit(10)->size(), 2U);
    EXPECT_THAT(tokens(), IsEmpty());
    EXPECT_FALSE(store().facts().revoked("one"));
    EXPECT_THAT(rows_of("SELECT jti FROM muster.revoked_tokens"), IsEmpty());
}

}  // namespace
}  // namespace muster
