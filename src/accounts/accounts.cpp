// What callers of the API do: register, log in, refresh, log out, and the check of a token.
#include "accounts/accounts.h"

#include "accounts/detail/encoding.h"
#include "accounts/detail/jwt.h"
#include "accounts/detail/passwords.h"
#include "accounts/detail/state.h"

#include <utility>

namespace muster {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kRefreshBytes = 32;
constexpr std::size_t kRefreshLetters = 43;
// Of a jti: the family of the refresh token that was issued with it stands before it.
constexpr char kFamilyEnd = '.';

Outcome<TokenPair> wrong_credentials() {
    return refuse<TokenPair>(Refusal::kWrongCredentials, "wrong user name or password");
}

template <typename T>
Outcome<T> invalid_token() {
    return refuse<T>(Refusal::kInvalidToken, "the token is not valid");
}

}  // namespace

std::string_view role_text(Role role) {
    switch (role) {
        case Role::kReader:
            return "reader";
        case Role::kWriter:
            return "writer";
        case Role::kAdmin:
            return "admin";
    }
    return "";
}

std::optional<Role> parse_role(std::string_view text) {
    for (const Role role : {Role::kReader, Role::kWriter, Role::kAdmin}) {
        if (text == role_text(role)) {
            return role;
        }
    }
    return std::nullopt;
}

Accounts::Accounts(std::unique_ptr<State> state) : state_(std::move(state)) {}
Accounts::~Accounts() = default;

Result<std::unique_ptr<Accounts>> Accounts::open(StateStore& store,
                                                 const Clock& clock,
                                                 AccountOptions options) {
    if (options.secret.size() < kSecretBytesMin) {
        return Error{ErrorCode::kUsage,
                     "the secret of the tokens has fewer than 32 bytes",
                     "make one with `openssl rand -base64 32`",
                     ""};
    }
    if (!sodium_ready()) {
        return Error{ErrorCode::kInternal, "libsodium cannot be initialized", "", ""};
    }
    auto state = std::make_unique<State>(store, clock, std::move(options));
    // The store remembers both in memory from now on.
    MUSTER_ASSIGN([[maybe_unused]] const auto users, store.users());
    MUSTER_ASSIGN([[maybe_unused]] const auto revoked, store.revoked(clock.now_us()));
    return std::unique_ptr<Accounts>(new Accounts(std::move(state)));
}

Result<void> Accounts::State::audit(const std::string& action,
                                    const std::string& user,
                                    const std::string& subject,
                                    const std::string& detail) {
    return store.add_audit({.at_us = clock.now_us(),
                            .user = user,
                            .action = action,
                            .subject = subject,
                            .detail = detail});
}

TokenPair Accounts::State::make_pair(const UserRecord& user,
                                     const std::string& family,
                                     RefreshToken& next) {
    const Claims claims{.jti = family + kFamilyEnd + random_text(kIdBytes),
                        .issuer = options.issuer,
                        .audience = options.audience,
                        .subject = user.name,
                        .role = user.role,
                        .token_version = user.token_version,
                        .issued_at_s = now_s(),
                        .not_before_s = now_s(),
                        .expires_at_s = now_s() + options.access_token_seconds};
    TokenPair pair{.access_token = sign_token(claims, options.secret),
                   .refresh_token = random_text(kRefreshBytes),
                   .expires_in_seconds = options.access_token_seconds};
    next = {
        .token_hash = hash_text(pair.refresh_token),
        .family = family,
        .user = user.name,
        .token_version = user.token_version,
        .expires_at_us = clock.now_us() + options.refresh_token_seconds * kMicrosecondsPerSecond,
        .spent_at_us = 0};
    return pair;
}

Result<Outcome<UserRecord>> Accounts::register_user(std::string_view name,
                                                    std::string_view password,
                                                    std::string_view address) {
    State& state = *state_;
    if (!state.options.registration_open) {
        return refuse<UserRecord>(Refusal::kRegistrationClosed,
                                  "registration is closed; an administrator makes users");
    }
    if (auto weak = weakness(name, password)) {
        return Outcome<UserRecord>{std::nullopt, *std::move(weak)};
    }
    const std::int64_t wait_s =
        state.options.throttle
            ? state.throttle.begin_registration(std::string(address), state.clock.now_us())
            : 0;
    if (wait_s > 0) {
        return refuse_throttled<UserRecord>(wait_s);
    }
    const std::string user = normal_name(name);
    MUSTER_ASSIGN(
        auto made,
        state.store_user(user, password, state.options.registered_role, role_text(Role::kAdmin)));
    if (made.value) {
        MUSTER_TRY(state.audit("user.register", user, user, made.value->role));
    }
    return made;
}

Result<Outcome<TokenPair>> Accounts::login(std::string_view name,
                                           std::string_view password,
                                           std::string_view address) {
    State& state = *state_;
    if (name_fault(name) || password_oversized(password)) {
        // Nobody's, as anybody can tell: no hash is spent on it.
        ++state.failures;
        return wrong_credentials();
    }
    const std::string user_name = normal_name(name);
    const std::string from(address);
    if (state.options.throttle) {
        const std::int64_t wait_s =
            state.throttle.begin_login(user_name, from, state.clock.now_us());
        if (wait_s > 0) {
            ++state.failures;
            MUSTER_TRY(state.audit("login.throttled", user_name, user_name, from));
            return refuse_throttled<TokenPair>(wait_s);
        }
    }
    MUSTER_ASSIGN(const auto user, state.store.find_user(user_name));
    const std::string text(password);
    MUSTER_ASSIGN(const auto verdict,
                  state.hasher.verify(user ? user->password_hash : std::string(), text));
    if (!verdict) {
        state.throttle.login_undone(user_name, from);
        return refuse_overloaded<TokenPair>();
    }
    if (!user || !verdict->right || user->disabled) {
        ++state.failures;
        return wrong_credentials();
    }
    state.throttle.login_succeeded(user_name, from);
    if (verdict->outdated) {
        MUSTER_TRY(state.rehash(*user, text));
    }
    RefreshToken next;
    TokenPair pair = state.make_pair(*user, random_text(kIdBytes), next);
    MUSTER_TRY(state.store.add_refresh(next));
    return Outcome<TokenPair>{std::move(pair), {}};
}

Result<void> Accounts::State::rehash(const UserRecord& user, const std::string& password) {
    MUSTER_ASSIGN(auto hash, hasher.hash(password));
    if (hash) {
        UserRecord renewed = user;
        renewed.password_hash = *std::move(hash);
        // Not if somebody else changed the user meanwhile: then the hash is theirs to keep.
        MUSTER_ASSIGN([[maybe_unused]] const UserChange stored,
                      store.change_user(renewed, user.token_version));
    }
    return {};
}

Result<Outcome<TokenPair>> Accounts::refresh(std::string_view refresh_token) {
    State& state = *state_;
    if (refresh_token.size() != kRefreshLetters || !base64url_decode(refresh_token)) {
        ++state.failures;
        return invalid_token<TokenPair>();
    }
    const std::string hash = hash_text(refresh_token);
    MUSTER_ASSIGN(const auto token, state.store.find_refresh(hash));
    if (!token || token->expires_at_us <= state.clock.now_us()) {
        ++state.failures;
        return invalid_token<TokenPair>();
    }
    MUSTER_ASSIGN(const auto user, state.store.find_user(token->user));
    const bool current = user && !user->disabled && user->token_version == token->token_version;
    bool rotated = false;
    TokenPair pair;
    if (current && token->spent_at_us == 0) {
        RefreshToken next;
        pair = state.make_pair(*user, token->family, next);
        MUSTER_ASSIGN(rotated, state.store.rotate_refresh(hash, next, state.clock.now_us()));
    }
    if (!rotated) {
        // Two hold the same token, one of them a thief: both log in again.
        ++state.failures;
        MUSTER_TRY(state.store.drop_family(token->family));
        MUSTER_TRY(state.audit(current ? "token.reused" : "token.outdated",
                               token->user,
                               token->user,
                               "its family was revoked"));
        return invalid_token<TokenPair>();
    }
    return Outcome<TokenPair>{std::move(pair), {}};
}

Result<void> Accounts::logout(const Principal& principal, bool everywhere) {
    State& state = *state_;
    MUSTER_TRY(state.store.revoke({principal.jti, principal.expires_at_us}));
    MUSTER_TRY(state.store.drop_family(principal.jti.substr(0, principal.jti.find(kFamilyEnd))));
    if (everywhere) {
        MUSTER_ASSIGN([[maybe_unused]] const auto user,
                      state.change(principal.user, [](UserRecord& /*user*/) {}));
    }
    return state.audit(
        "user.logout", principal.user, principal.user, everywhere ? "everywhere" : "");
}

Outcome<Principal> Accounts::verify(std::string_view access_token) const {
    State& state = *state_;
    const auto invalid = [&state] {
        ++state.failures;
        return invalid_token<Principal>();
    };
    if (access_token.size() > kTokenBytesMax) {
        return invalid();
    }
    std::optional<Claims> claims = state.verified.find(access_token);
    if (!claims) {
        claims = open_token(access_token, state.options.secret);
        if (!claims) {
            return invalid();
        }
        state.verified.add(access_token, *claims);
    }
    const std::optional<Role> role = parse_role(claims->role);
    const TokenFacts& facts = state.store.facts();
    const auto user = facts.user(claims->subject);
    if (!role || !user || user->disabled || user->token_version != claims->token_version ||
        !claims_hold(*claims, state.options.issuer, state.options.audience, state.now_s()) ||
        facts.revoked(claims->jti)) {
        return invalid();
    }
    return {Principal{.user = claims->subject,
                      .role = *role,
                      .jti = claims->jti,
                      .expires_at_us = claims->expires_at_s * kMicrosecondsPerSecond},
            {}};
}

Result<Outcome<Principal>> Accounts::verify_anew(std::string_view access_token) const {
    Outcome<Principal> known = verify(access_token);
    if (known.value || !state_->verified.find(access_token)) {
        return known;
    }
    MUSTER_TRY(state_->store.renew_facts());
    return verify(access_token);
}

std::uint64_t Accounts::failures() const { return state_->failures.load(); }
std::uint64_t Accounts::hashes_computed() const { return state_->hasher.computed(); }

}  // namespace muster
