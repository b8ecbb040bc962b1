// The state store (architecture.md, decision 7): accounts, tokens, idempotency keys, the audit log,
// and what the schedules fired (scheduler/occurrence_store.h).
// Times are microseconds since 1970-01-01 UTC. Every write is durable when it returns. Thread-safe.
#pragma once

#include "core/result.h"
#include "scheduler/occurrence_store.h"
#include "warehouse/row_tables.h"
#include "warehouse/token_facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct UserRecord {
    std::string name;
    std::string role;           // reader | writer | admin
    std::string password_hash;  // argon2id, encoded with its parameters
    bool disabled = false;
    std::int64_t token_version = 1;  // raised to refuse every token issued before
    std::int64_t created_at_us = 0;
};

struct RefreshToken {
    std::string token_hash;  // never the token itself
    std::string family;      // all that descend from one login
    std::string user;
    std::int64_t token_version = 1;
    std::int64_t expires_at_us = 0;
    std::int64_t spent_at_us = 0;  // 0 = not yet
};

struct RevokedToken {
    std::string jti;
    std::int64_t expires_at_us = 0;
};

inline bool is_active_admin(const UserRecord& user) {
    return user.role == "admin" && !user.disabled;
}

enum class UserChange {
    kDone,
    kOutdated,   // there is no such user, or somebody else changed it meanwhile
    kLastAdmin,  // the user is the only admin that is not disabled, and would not be one any more
};

class StateStore : public OccurrenceStore {
  public:
    // --- users ----------------------------------------------------------------------------------
    // False if the name is taken. `first_role`, if not empty, is the role if there is no user yet.
    virtual Result<bool> add_user(UserRecord user, std::string_view first_role) = 0;
    virtual Result<std::optional<UserRecord>> find_user(std::string_view name) = 0;
    virtual Result<std::vector<UserRecord>> users() = 0;
    // Replaces role, hash, disabled and token_version of the user of this name, if its
    // token_version is `version_before`. Judged and written in one step, whatever other processes
    // do: of two admins that are made readers at the same moment one stays.
    virtual Result<UserChange> change_user(const UserRecord& user, std::int64_t version_before) = 0;

    // --- tokens ---------------------------------------------------------------------------------
    // Complete once users() and revoked() were called, and kept by every write from then on. What
    // another process wrote is known kTokenFactsPollMs later, while the database answers; after
    // kTokenFactsAgeMaxMs without an answer no user is known.
    virtual const TokenFacts& facts() const = 0;
    // Reads facts() again at once, where another process may have changed them.
    virtual Result<void> renew_facts() { return {}; }
    virtual Result<void> revoke(const RevokedToken& token) = 0;
    // Those that have not expired at `now_us`; the others are removed.
    virtual Result<std::vector<RevokedToken>> revoked(std::int64_t now_us) = 0;
    virtual Result<void> add_refresh(const RefreshToken& token) = 0;
    virtual Result<std::optional<RefreshToken>> find_refresh(std::string_view token_hash) = 0;
    // Spends one and adds its successor in one step; false if it was spent or dropped meanwhile.
    virtual Result<bool> rotate_refresh(std::string_view token_hash,
                                        const RefreshToken& successor,
                                        std::int64_t now_us) = 0;
    virtual Result<void> drop_family(std::string_view family) = 0;
    virtual Result<void> drop_refresh_of(std::string_view user) = 0;

    // --- idempotency keys of requests that are not rows -----------------------------------------
    struct Stored {
        std::string payload_hash;
        StoredAnswer answer;
    };
    virtual Result<std::optional<Stored>> find_answer(std::string_view scope,
                                                      std::string_view key,
                                                      std::int64_t now_us) = 0;
    virtual Result<void> store_answer(const IdempotencyKey& key,
                                      const StoredAnswer& answer,
                                      std::int64_t expires_at_us) = 0;

    // --- audit ----------------------------------------------------------------------------------
    virtual Result<void> add_audit(const AuditEntry& entry) = 0;
    virtual Result<std::vector<AuditEntry>> audit(std::int64_t limit) = 0;  // newest first

    // Removes what has expired: idempotency keys, refresh tokens, audit older than `audit_days`,
    // occurrences older than kOccurrencesKeptDays except the last of each job.
    virtual Result<void> expire(std::int64_t now_us, int audit_days) = 0;
};

}  // namespace muster
