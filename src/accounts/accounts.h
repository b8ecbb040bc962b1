// Users, passwords, tokens, roles, throttling (http-api.md, Accounts). Thread-safe. A verified
// token costs no query: revocations and token versions are kept in memory, and in the state store
// so that they outlive the process.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "warehouse/state_store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

enum class Role { kReader, kWriter, kAdmin };

std::string_view role_text(Role role);
std::optional<Role> parse_role(std::string_view text);

// Names are compared without regard to case.
bool same_user_name(std::string_view left, std::string_view right);

struct AccountOptions {
    std::string secret;  // of the HS256 signature, at least 32 bytes
    std::string issuer = "muster";
    std::string audience = "muster-api";
    std::int64_t access_token_seconds = 3600;
    std::int64_t refresh_token_seconds = 30 * 24 * 3600;
    bool registration_open = true;
    Role registered_role = Role::kWriter;  // the first user is admin
    bool throttle = true;
};

// Who calls, from a verified token.
struct Principal {
    std::string user;
    Role role = Role::kReader;
    std::string jti;
    std::int64_t expires_at_us = 0;
};

struct TokenPair {
    std::string access_token;
    std::string refresh_token;
    std::int64_t expires_in_seconds = 0;
};

// Why a call was refused; what HTTP makes of it is the caller's matter.
enum class Refusal {
    kExists,            // the name is taken
    kWeak,              // name or password does not fit the rules; `pointer` says which
    kWrongCredentials,  // unknown user or wrong password, alike
    kInvalidToken,      // malformed, expired, revoked, of a disabled user, ...
    kThrottled,         // too many attempts: retry_after_seconds
    kOverloaded,        // the hashing queue is full: retry_after_seconds
    kRegistrationClosed,
};

struct Refused {
    Refusal why = Refusal::kInvalidToken;
    std::string message;
    std::string pointer;  // "/password"
    std::int64_t retry_after_seconds = 0;
};

template <typename T>
struct Outcome {
    std::optional<T> value;
    Refused refused;  // meaningful without a value
};

class Accounts {
  public:
    // Reads what is revoked. kUsage if the secret is too short.
    static Result<std::unique_ptr<Accounts>> open(StateStore& store,
                                                  const Clock& clock,
                                                  AccountOptions options);
    // For the command line: with a secret nobody knows, so its tokens are of no use.
    static Result<std::unique_ptr<Accounts>> open_for_management(StateStore& store,
                                                                 const Clock& clock);
    ~Accounts();

    // `address` is the caller's, for throttling; an Error is a failure of the store.
    Result<Outcome<UserRecord>> register_user(std::string_view name,
                                              std::string_view password,
                                              std::string_view address);
    Result<Outcome<TokenPair>> login(std::string_view name,
                                     std::string_view password,
                                     std::string_view address);
    Result<Outcome<TokenPair>> refresh(std::string_view refresh_token);
    Result<void> logout(const Principal& principal, bool everywhere);

    // Never blocks and asks no database: fit for the I/O thread.
    Outcome<Principal> verify(std::string_view access_token) const;
    // The same, but a token of ours that is refused for its user or as revoked is looked at again
    // with what the database says now: another process may have let it in.
    Result<Outcome<Principal>> verify_anew(std::string_view access_token) const;

    // --- management, for admins and the command line ------------------------------------------
    Result<Outcome<UserRecord>> add(std::string_view name, std::string_view password, Role role);
    Result<std::vector<UserRecord>> users();
    // kNotFound if there is no such user. Each refuses the tokens issued before.
    Result<Outcome<UserRecord>> change_password(std::string_view name, std::string_view password);
    // Both: kUsage if it would leave no admin that may log in.
    Result<void> change_role(std::string_view name, Role role);
    Result<void> set_disabled(std::string_view name, bool disabled);

    // For /metrics.
    std::uint64_t failures() const;
    std::uint64_t hashes_computed() const;

  private:
    struct State;
    explicit Accounts(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// The secret: MUSTER_JWT_SECRET (`from_environment`), else the file `<data_dir>/jwt-secret`, made
// with mode 0600 at the first start. kUsage if it is short, or the file may be read by others.
Result<std::string> load_secret(const std::string& data_dir,
                                const std::optional<std::string>& from_environment);

}  // namespace muster
