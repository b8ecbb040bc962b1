#include "warehouse/duckdb/duckdb_state_store.h"

#include "core/limits.h"
#include "warehouse/duckdb/state_sql.h"

namespace muster {
namespace {

using std::string_view;

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

UserRecord user_of(const QueryResult& row) {
    return {.name = std::string(row.text(0)),
            .role = std::string(row.text(1)),
            .password_hash = std::string(row.text(2)),
            .disabled = row.int64(3) != 0,
            .token_version = row.int64(4),
            .created_at_us = row.int64(5)};
}

TokenFacts::User facts_of(const UserRecord& user) { return {user.token_version, user.disabled}; }

}  // namespace

// --- users

Result<bool> DuckdbStateStore::add_user(UserRecord user, string_view first_role) {
    const std::lock_guard lock(mutex_);
    bool taken = false;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(const auto same, connection.scalar(sql::kUserCount, string_view(user.name)));
        taken = same != 0;
        if (taken) {
            return {};
        }
        MUSTER_ASSIGN(const auto all, connection.scalar(sql::kUsersCount));
        if (all == 0 && !first_role.empty()) {
            user.role = first_role;
        }
        return change_rows(connection,
                           sql::kUserInsert,
                           string_view(user.name),
                           string_view(user.role),
                           string_view(user.password_hash),
                           std::int64_t{user.disabled},
                           user.token_version,
                           user.created_at_us);
    };
    MUSTER_TRY(write_state(engine_, steps));
    if (!taken) {
        facts_.set_user(user.name, facts_of(user));
    }
    return !taken;
}

Result<std::optional<UserRecord>> DuckdbStateStore::find_user(string_view name) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kUserSelect, name));
    MUSTER_ASSIGN(const bool found, rows.next());
    return found ? std::optional{user_of(rows)} : std::optional<UserRecord>{};
}

Result<std::vector<UserRecord>> DuckdbStateStore::users() {
    const std::lock_guard lock(mutex_);
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kUsersSelect));
    std::vector<UserRecord> users;
    while (true) {
        MUSTER_ASSIGN(const bool found, rows.next());
        if (!found) {
            return users;
        }
        users.push_back(user_of(rows));
        facts_.set_user(users.back().name, facts_of(users.back()));
    }
}

Result<UserChange> DuckdbStateStore::change_user(const UserRecord& user,
                                                 std::int64_t version_before) {
    const std::lock_guard lock(mutex_);
    auto change = UserChange::kOutdated;
    const auto steps = [&](Connection& connection) -> Result<void> {
        change = UserChange::kOutdated;
        if (!is_active_admin(user)) {
            MUSTER_ASSIGN(
                const auto last,
                connection.scalar(sql::kLastAdmin, string_view(user.name), string_view(user.name)));
            if (last != 0) {
                change = UserChange::kLastAdmin;
                return {};
            }
        }
        MUSTER_ASSIGN(const auto changed,
                      connection.change(sql::kUserUpdate,
                                        string_view(user.role),
                                        string_view(user.password_hash),
                                        std::int64_t{user.disabled},
                                        user.token_version,
                                        string_view(user.name),
                                        version_before));
        change = changed == 0 ? UserChange::kOutdated : UserChange::kDone;
        return {};
    };
    MUSTER_TRY(write_state(engine_, steps));
    if (change == UserChange::kDone) {
        facts_.set_user(user.name, facts_of(user));
    }
    return change;
}

// --- idempotency keys

Result<std::optional<StateStore::Stored>> DuckdbStateStore::find_answer(string_view scope,
                                                                        string_view key,
                                                                        std::int64_t now_us) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kAnswerSelect, scope, key, now_us));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return std::optional<Stored>{};
    }
    return std::optional{Stored{.payload_hash = std::string(rows.text(0)),
                                .answer = {.status = static_cast<int>(rows.int64(1)),
                                           .headers = std::string(rows.text(2)),
                                           .body = std::string(rows.text(3))}}};
}

Result<void> DuckdbStateStore::store_answer(const IdempotencyKey& key,
                                            const StoredAnswer& answer,
                                            std::int64_t expires_at_us) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_, [&](Connection& connection) -> Result<void> {
        MUSTER_TRY(change_rows(
            connection, sql::kAnswerDelete, string_view(key.scope), string_view(key.key)));
        return change_rows(connection,
                           sql::kAnswerInsert,
                           string_view(key.scope),
                           string_view(key.key),
                           string_view(key.payload_hash),
                           std::int64_t{answer.status},
                           string_view(answer.headers),
                           string_view(answer.body),
                           expires_at_us);
    });
}

// --- audit

Result<void> DuckdbStateStore::add_audit(const AuditEntry& entry) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_, [&](Connection& connection) {
        return change_rows(connection,
                           sql::kAuditInsert,
                           entry.at_us,
                           string_view(entry.user),
                           string_view(entry.action),
                           string_view(entry.subject),
                           string_view(entry.detail),
                           string_view(entry.request_id));
    });
}

Result<std::vector<AuditEntry>> DuckdbStateStore::audit(std::int64_t limit) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kAuditSelect, limit));
    std::vector<AuditEntry> entries;
    while (true) {
        MUSTER_ASSIGN(const bool found, rows.next());
        if (!found) {
            return entries;
        }
        entries.push_back({.at_us = rows.int64(0),
                           .user = std::string(rows.text(1)),
                           .action = std::string(rows.text(2)),
                           .subject = std::string(rows.text(3)),
                           .detail = std::string(rows.text(4)),
                           .request_id = std::string(rows.text(5))});
    }
}

Result<void> DuckdbStateStore::expire(std::int64_t now_us, int audit_days) {
    const std::lock_guard lock(mutex_);
    const std::int64_t audit_from = now_us - audit_days * kMicrosecondsPerDay;
    const std::int64_t occurrences_from = now_us - kOccurrencesKeptDays * kMicrosecondsPerDay;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_TRY(change_rows(connection, sql::kAnswerExpire, now_us));
        MUSTER_TRY(change_rows(connection, sql::kRefreshExpire, now_us));
        MUSTER_TRY(change_rows(connection, sql::kRevokedExpire, now_us));
        MUSTER_TRY(change_rows(connection, sql::kOccurrenceExpire, occurrences_from));
        return change_rows(connection, sql::kAuditExpire, audit_from);
    };
    MUSTER_TRY(write_state(engine_, steps));
    facts_.forget_expired(now_us);
    return {};
}

}  // namespace muster
