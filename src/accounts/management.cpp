// What administrators do to users, and what it has in common with registration.
#include "accounts/detail/encoding.h"
#include "accounts/detail/passwords.h"
#include "accounts/detail/state.h"

#include <utility>

namespace muster {

bool same_user_name(std::string_view left, std::string_view right) {
    return normal_name(left) == normal_name(right);
}

std::optional<Refused> weakness(std::string_view name, std::string_view password) {
    if (const auto fault = name_fault(name)) {
        return Refused{Refusal::kWeak, *fault, "/username"};
    }
    if (const auto fault = password_fault(password, name)) {
        return Refused{Refusal::kWeak, *fault, "/password"};
    }
    return std::nullopt;
}

Result<Outcome<UserRecord>> Accounts::State::store_user(const std::string& name,
                                                        std::string_view password,
                                                        Role role,
                                                        std::string_view first_role) {
    const auto taken = [&name] {
        return refuse<UserRecord>(
            Refusal::kExists, "the user name '" + name + "' is taken", "/username");
    };
    MUSTER_ASSIGN(const auto known, store.find_user(name));
    if (known) {
        return taken();
    }
    MUSTER_ASSIGN(const auto hash, hasher.hash(std::string(password)));
    if (!hash) {
        return refuse_overloaded<UserRecord>();
    }
    const UserRecord user{.name = name,
                          .role = std::string(role_text(role)),
                          .password_hash = *hash,
                          .created_at_us = clock.now_us()};
    MUSTER_ASSIGN(const bool added, store.add_user(user, first_role));
    if (!added) {
        return taken();
    }
    // The role is the store's to say, if this is the first user.
    MUSTER_ASSIGN(auto stored, store.find_user(name));
    return Outcome<UserRecord>{stored ? *std::move(stored) : user, {}};
}

Result<UserRecord> Accounts::State::change(const std::string& name,
                                           const std::function<void(UserRecord&)>& change) {
    // Again if another change came between reading and writing.
    while (true) {
        MUSTER_ASSIGN(auto user, store.find_user(name));
        if (!user) {
            return Error{ErrorCode::kNotFound,
                         "there is no user '" + name + "'",
                         "`muster users list` shows them",
                         ""};
        }
        const std::int64_t version_before = user->token_version;
        change(*user);
        ++user->token_version;
        MUSTER_ASSIGN(const UserChange changed, store.change_user(*user, version_before));
        if (changed == UserChange::kLastAdmin) {
            return Error{ErrorCode::kUsage,
                         "user '" + name + "' is the last admin",
                         "make another one first: muster users role NAME admin",
                         ""};
        }
        if (changed == UserChange::kDone) {
            MUSTER_TRY(store.drop_refresh_of(name));
            return *std::move(user);
        }
    }
}

Result<std::unique_ptr<Accounts>> Accounts::open_for_management(StateStore& store,
                                                                const Clock& clock) {
    constexpr std::size_t kSecretBytes = 32;
    AccountOptions options;
    options.secret = random_text(kSecretBytes);
    return open(store, clock, std::move(options));
}

Result<Outcome<UserRecord>> Accounts::add(std::string_view name,
                                          std::string_view password,
                                          Role role) {
    if (auto weak = weakness(name, password)) {
        return Outcome<UserRecord>{std::nullopt, *std::move(weak)};
    }
    const std::string user = normal_name(name);
    MUSTER_ASSIGN(auto made, state_->store_user(user, password, role, ""));
    if (made.value) {
        MUSTER_TRY(state_->audit("user.add", "", user, made.value->role));
    }
    return made;
}

Result<std::vector<UserRecord>> Accounts::users() { return state_->store.users(); }

Result<Outcome<UserRecord>> Accounts::change_password(std::string_view name,
                                                      std::string_view password) {
    const std::string user = normal_name(name);
    MUSTER_ASSIGN(const auto known, state_->store.find_user(user));
    if (known) {
        if (auto weak = weakness(name, password)) {
            return Outcome<UserRecord>{std::nullopt, *std::move(weak)};
        }
    }
    std::string hash;
    if (known) {
        MUSTER_ASSIGN(auto made, state_->hasher.hash(std::string(password)));
        if (!made) {
            return refuse_overloaded<UserRecord>();
        }
        hash = *std::move(made);
    }
    MUSTER_ASSIGN(auto changed, state_->change(user, [&hash](UserRecord& record) {
        record.password_hash = hash;
    }));
    MUSTER_TRY(state_->audit("user.password", "", user));
    return Outcome<UserRecord>{std::move(changed), {}};
}

Result<void> Accounts::change_role(std::string_view name, Role role) {
    const std::string user = normal_name(name);
    MUSTER_ASSIGN(
        [[maybe_unused]] const auto changed,
        state_->change(user, [role](UserRecord& record) { record.role = role_text(role); }));
    return state_->audit("user.role", "", user, std::string(role_text(role)));
}

Result<void> Accounts::set_disabled(std::string_view name, bool disabled) {
    const std::string user = normal_name(name);
    MUSTER_ASSIGN(
        [[maybe_unused]] const auto changed,
        state_->change(user, [disabled](UserRecord& record) { record.disabled = disabled; }));
    return state_->audit(disabled ? "user.disable" : "user.enable", "", user);
}

}  // namespace muster
