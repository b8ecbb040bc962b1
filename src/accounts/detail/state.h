// What an Accounts holds.
#pragma once

#include "accounts/accounts.h"
#include "accounts/detail/hasher.h"
#include "accounts/detail/throttle.h"
#include "accounts/detail/verified_tokens.h"

#include <atomic>
#include <functional>

namespace muster {

inline constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

struct Accounts::State {
    State(StateStore& store_given, const Clock& clock_given, AccountOptions options_given)
        : store(store_given), clock(clock_given), options(std::move(options_given)) {}

    StateStore& store;
    const Clock& clock;
    const AccountOptions options;
    Hasher hasher;
    Throttle throttle;
    VerifiedTokens verified;
    std::atomic<std::uint64_t> failures{0};

    std::int64_t now_s() const { return clock.now_us() / kMicrosecondsPerSecond; }

    Result<void> audit(const std::string& action,
                       const std::string& user,
                       const std::string& subject,
                       const std::string& detail = "");
    // A hashed password and the record, stored; refused if the name is taken.
    Result<Outcome<UserRecord>> store_user(const std::string& name,
                                           std::string_view password,
                                           Role role,
                                           std::string_view first_role);
    // Access token and the refresh token that goes with it, of which `next` is what is stored.
    TokenPair make_pair(const UserRecord& user, const std::string& family, RefreshToken& next);
    // Applies `change` to the user and refuses the tokens issued before. kNotFound if there is
    // none; kUsage if nobody would be left who may manage the others.
    Result<UserRecord> change(const std::string& name,
                              const std::function<void(UserRecord&)>& change);
    // Right passwords with outdated hashes get a new one; a failure is not the caller's.
    Result<void> rehash(const UserRecord& user, const std::string& password);
};

template <typename T>
Outcome<T> refuse(Refusal why,
                  std::string message,
                  std::string pointer = "",
                  std::int64_t retry_after_seconds = 0) {
    return {std::nullopt, {why, std::move(message), std::move(pointer), retry_after_seconds}};
}

template <typename T>
Outcome<T> refuse_overloaded() {
    return refuse<T>(Refusal::kOverloaded, "too many are logging in at once; try again", "", 1);
}

template <typename T>
Outcome<T> refuse_throttled(std::int64_t retry_after_seconds) {
    return refuse<T>(
        Refusal::kThrottled,
        "too many attempts; try again in " + std::to_string(retry_after_seconds) + " s",
        "",
        retry_after_seconds);
}

// What is wrong with the two, with its pointer; nothing if both are good.
std::optional<Refused> weakness(std::string_view name, std::string_view password);

}  // namespace muster
