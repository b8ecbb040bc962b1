// Accounts over the state store in a real DuckDB, so that what a restart keeps is tested too.
#include "accounts/accounts.h"

#include "accounts/detail/encoding.h"
#include "accounts/detail/jwt.h"
#include "accounts/detail/state.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "warehouse/warehouse.h"

#include <gtest/gtest.h>

#include <functional>
#include <sodium.h>

namespace muster {
namespace {

const std::string kPassword = "correct horse";
const std::string kAddress = "192.0.2.1";

class AccountsTest : public testing::Test {
  protected:
    void SetUp() override {
        options_.secret = std::string(32, 's');
        restart();
    }
    void restart() {
        accounts_.reset();
        warehouse_.reset();
        engine_.reset();
        engine_ = Engine::open({.database = folder_.path() / "muster.duckdb",
                                .temp_dir = folder_.path() / "tmp",
                                .memory_limit_bytes = 512U << 20,
                                .threads = 1})
                      .value();
        warehouse_ = open_warehouse({.url = "duckdb:x"}, *engine_, clock_).value();
        const auto prepared = warehouse_->prepare();
        ASSERT_TRUE(prepared.ok()) << prepared.error().message;
        accounts_ = open_accounts();
    }
    std::unique_ptr<Accounts> open_accounts() {
        return Accounts::open(warehouse_->state(), clock_, options_).value();
    }
    UserRecord add(const std::string& name, Role role = Role::kWriter) {
        return accounts_->add(name, kPassword, role)->value.value();
    }
    TokenPair login(const std::string& name) {
        return accounts_->login(name, kPassword, kAddress)->value.value();
    }
    bool valid(const std::string& token) { return accounts_->verify(token).value.has_value(); }
    Principal principal(const std::string& token) { return accounts_->verify(token).value.value(); }
    std::string audit() {
        std::string text;
        for (const AuditEntry& entry : *warehouse_->state().audit(100)) {
            text.insert(0, entry.action + ":" + entry.subject + " ");
        }
        return text;
    }

    TempFolder folder_;
    ManualClock clock_;
    AccountOptions options_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Warehouse> warehouse_;
    std::unique_ptr<Accounts> accounts_;
};

TEST_F(AccountsTest, AShortSecretIsRefused) {
    options_.secret = std::string(31, 's');
    EXPECT_EQ(Accounts::open(warehouse_->state(), clock_, options_).error().code,
              ErrorCode::kUsage);
}

TEST_F(AccountsTest, RegistrationTable) {
    struct Case {
        std::string name;
        std::string password;
        std::optional<Refusal> refused;
        std::string role_or_pointer;
    };
    const std::vector<Case> cases = {
        {"ab", kPassword, Refusal::kWeak, "/username"},
        {"ada", "short", Refusal::kWeak, "/password"},
        {"ada", std::string(129, 'x'), Refusal::kWeak, "/password"},
        {"Ada", kPassword, std::nullopt, "admin"},
        {"ada", kPassword, Refusal::kExists, "/username"},
        {"ADA", kPassword, Refusal::kExists, "/username"},
        {"bob", kPassword, std::nullopt, "writer"},
    };
    for (const Case& c : cases) {
        const auto made = accounts_->register_user(c.name, c.password, kAddress);
        ASSERT_TRUE(made.ok()) << made.error().message;
        EXPECT_EQ(made->value.has_value(), !c.refused.has_value()) << c.name;
        if (made->value) {
            EXPECT_EQ(made->value->role, c.role_or_pointer);
        } else {
            EXPECT_EQ(made->refused.why, *c.refused) << c.name;
            EXPECT_EQ(made->refused.pointer, c.role_or_pointer);
        }
    }
    EXPECT_EQ(audit(), "user.register:ada user.register:bob ");
}

TEST_F(AccountsTest, ClosedRegistrationLetsNobodyIn) {
    options_.registration_open = false;
    accounts_ = open_accounts();
    EXPECT_EQ(accounts_->register_user("ada", kPassword, kAddress)->refused.why,
              Refusal::kRegistrationClosed);
}

TEST_F(AccountsTest, AnUnknownUserLooksLikeAWrongPasswordAndCostsAHash) {
    add("ada");
    add("carl");
    ASSERT_TRUE(accounts_->set_disabled("carl", true).ok());
    std::vector<Refused> refused;
    for (const char* name : {"ada", "nobody", "carl"}) {
        auto outcome = accounts_->login(name, "wrong password", kAddress);
        ASSERT_TRUE(outcome.ok());
        ASSERT_FALSE(outcome->value);
        refused.push_back(outcome->refused);
    }
    const auto disabled = accounts_->login("carl", kPassword, kAddress);
    refused.push_back(disabled->refused);
    for (const Refused& r : refused) {
        EXPECT_EQ(r.why, Refusal::kWrongCredentials);
        EXPECT_EQ(r.message, refused[0].message);
        EXPECT_EQ(r.pointer, refused[0].pointer);
    }
    EXPECT_EQ(accounts_->failures(), 4U);
    EXPECT_EQ(accounts_->hashes_computed(), 2U + 4U);
}

TEST_F(AccountsTest, AnOversizedPasswordCostsNoHash) {
    add("ada");
    EXPECT_EQ(accounts_->login("ada", std::string(129, 'x'), kAddress)->refused.why,
              Refusal::kWrongCredentials);
    EXPECT_EQ(accounts_->hashes_computed(), 1U);
}

TEST_F(AccountsTest, ATokenSaysWhoCallsUntilItExpires) {
    add("ada", Role::kReader);
    const TokenPair pair = login("ADA");
    EXPECT_EQ(pair.expires_in_seconds, 3600);
    EXPECT_EQ(principal(pair.access_token).user, "ada");
    EXPECT_EQ(principal(pair.access_token).role, Role::kReader);
    clock_.advance_seconds(3599);
    EXPECT_TRUE(valid(pair.access_token));
    clock_.advance_seconds(1);
    EXPECT_FALSE(valid(pair.access_token)) << "remembered as verified, but expired";
}

TEST_F(AccountsTest, RefusedTokens) {
    add("ada");
    const Claims good{.jti = "f.1",
                      .issuer = options_.issuer,
                      .audience = options_.audience,
                      .subject = "ada",
                      .role = "writer",
                      .token_version = 1,
                      .issued_at_s = clock_.now_us() / 1'000'000,
                      .not_before_s = clock_.now_us() / 1'000'000,
                      .expires_at_s = clock_.now_us() / 1'000'000 + 60};
    EXPECT_TRUE(valid(sign_token(good, options_.secret)));
    const std::vector<std::pair<std::string, std::function<void(Claims&)>>> cases = {
        {"issuer", [](Claims& c) { c.issuer = "else"; }},
        {"audience", [](Claims& c) { c.audience = "else"; }},
        {"not yet", [](Claims& c) { ++c.not_before_s; }},
        {"expired", [](Claims& c) { c.expires_at_s -= 60; }},
        {"unknown user", [](Claims& c) { c.subject = "nobody"; }},
        {"unknown role", [](Claims& c) { c.role = "root"; }},
        {"version", [](Claims& c) { c.token_version = 2; }},
    };
    for (const auto& [name, spoil] : cases) {
        Claims claims = good;
        spoil(claims);
        const std::string token = sign_token(claims, options_.secret);
        EXPECT_FALSE(valid(token)) << name;
        EXPECT_FALSE(valid(token)) << name << ", the second time";
    }
    EXPECT_FALSE(valid(sign_token(good, std::string(32, 'x'))));
    EXPECT_FALSE(valid(std::string(1U << 20, 'a')));
    EXPECT_FALSE(valid(""));
}

TEST_F(AccountsTest, EveryChangeRefusesTheTokensBefore) {
    const std::vector<std::pair<std::string, std::function<Result<void>()>>> cases = {
        {"password",
         [&]() -> Result<void> {
             MUSTER_ASSIGN(const auto changed,
                           accounts_->change_password("password", "another password"));
             EXPECT_TRUE(changed.value);
             return {};
         }},
        {"role", [&] { return accounts_->change_role("role", Role::kAdmin); }},
        {"disable", [&] { return accounts_->set_disabled("disable", true); }},
        {"everywhere",
         [&] { return accounts_->logout(principal(login("everywhere").access_token), true); }},
    };
    for (const auto& [name, change] : cases) {
        ASSERT_TRUE(add(name).token_version == 1) << name;
        const TokenPair pair = login(name);
        ASSERT_TRUE(valid(pair.access_token)) << name;
        EXPECT_TRUE(change().ok()) << name;
        EXPECT_FALSE(valid(pair.access_token)) << name;
        EXPECT_FALSE(accounts_->refresh(pair.refresh_token)->value) << name;
        restart();
        EXPECT_FALSE(valid(pair.access_token)) << name << ", after a restart";
    }
}

TEST_F(AccountsTest, ChangesOfAnotherInstanceOnTheSameStoreAreSeen) {
    add("ada");
    const TokenPair pair = login("ada");
    ASSERT_TRUE(valid(pair.access_token));
    const auto other = open_accounts();
    ASSERT_TRUE(other->set_disabled("ada", true).ok());
    EXPECT_FALSE(valid(pair.access_token));
}

TEST_F(AccountsTest, LogoutEndsTheSessionAlone) {
    add("ada");
    const TokenPair here = login("ada");
    const TokenPair there = login("ada");
    ASSERT_TRUE(accounts_->logout(principal(here.access_token), false).ok());
    EXPECT_FALSE(valid(here.access_token));
    EXPECT_FALSE(accounts_->refresh(here.refresh_token)->value);
    EXPECT_TRUE(valid(there.access_token));
    restart();
    EXPECT_FALSE(valid(here.access_token));
    EXPECT_TRUE(valid(there.access_token));
    EXPECT_TRUE(accounts_->refresh(there.refresh_token)->value);
}

TEST_F(AccountsTest, RefreshRotatesAndReuseRevokesTheFamily) {
    add("ada");
    const TokenPair other = login("ada");
    for (const bool restarted : {false, true}) {
        const TokenPair first = login("ada");
        const TokenPair second = accounts_->refresh(first.refresh_token)->value.value();
        EXPECT_TRUE(valid(second.access_token));
        if (restarted) {
            restart();
        }
        EXPECT_EQ(accounts_->refresh(first.refresh_token)->refused.why, Refusal::kInvalidToken);
        EXPECT_FALSE(accounts_->refresh(second.refresh_token)->value) << "of the same family";
    }
    EXPECT_TRUE(accounts_->refresh(other.refresh_token)->value) << "of another login";
    for (const std::string& token : {std::string(), std::string(43, 'A'), std::string(5000, 'A')}) {
        EXPECT_EQ(accounts_->refresh(token)->refused.why, Refusal::kInvalidToken);
    }
}

TEST_F(AccountsTest, ARefreshTokenExpires) {
    add("ada");
    const TokenPair pair = login("ada");
    clock_.advance_seconds(options_.refresh_token_seconds);
    EXPECT_FALSE(accounts_->refresh(pair.refresh_token)->value);
}

TEST_F(AccountsTest, GuessingIsSlowedForThatAddressOnly) {
    add("ada");
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(accounts_->login("ada", "wrong password", kAddress)->refused.why,
                  Refusal::kWrongCredentials);
    }
    const std::uint64_t hashes = accounts_->hashes_computed();
    const auto outcome = accounts_->login("ada", kPassword, kAddress);
    EXPECT_EQ(outcome->refused.why, Refusal::kThrottled);
    EXPECT_EQ(outcome->refused.retry_after_seconds, 1);
    EXPECT_EQ(accounts_->hashes_computed(), hashes);
    EXPECT_TRUE(accounts_->login("ada", kPassword, "192.0.2.2")->value);
    clock_.advance_seconds(1);
    EXPECT_TRUE(accounts_->login("ada", kPassword, kAddress)->value);
    EXPECT_EQ(audit(), "user.add:ada login.throttled:ada ");
}

TEST_F(AccountsTest, AnOutdatedHashIsRenewedAtLogin) {
    UserRecord ada = add("ada");
    std::array<char, crypto_pwhash_STRBYTES> weak{};
    ASSERT_EQ(crypto_pwhash_str(weak.data(), kPassword.data(), kPassword.size(), 1, 8U << 20), 0);
    ada.password_hash = weak.data();
    ASSERT_EQ(*warehouse_->state().change_user(ada, ada.token_version), UserChange::kDone);
    const TokenPair pair = login("ada");
    EXPECT_TRUE(valid(pair.access_token));
    const auto stored = *warehouse_->state().find_user("ada");
    EXPECT_TRUE(stored->password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    login("ada");
}

TEST_F(AccountsTest, ManagementOfAnUnknownUserIsNotFound) {
    EXPECT_EQ(accounts_->change_role("nobody", Role::kAdmin).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(accounts_->set_disabled("nobody", true).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(accounts_->change_password("nobody", kPassword).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace muster
