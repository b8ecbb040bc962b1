#include "warehouse/postgres/postgres_state_store.h"

#include "core/limits.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/state_sql.h"
#include "warehouse/postgres/state_write.h"

namespace muster {
namespace {

using std::string_view;

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

UserRecord user_of(const PgRows& row) {
    return {.name = std::string(row.text(0)),
            .role = std::string(row.text(1)),
            .password_hash = std::string(row.text(2)),
            .disabled = row.boolean(3),
            .token_version = row.int64(4),
            .created_at_us = row.int64(5)};
}

TokenFacts::User facts_of(const UserRecord& user) { return {user.token_version, user.disabled}; }

}  // namespace

// --- users

Result<bool> PostgresStateStore::add_user(UserRecord user, string_view first_role) {
    const std::shared_lock lock(facts_mutex_);
    std::int64_t added = 0;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        if (!first_role.empty()) {
            MUSTER_TRY(connection.query(pg_sql::kUsersLock));
        }
        MUSTER_ASSIGN(added,
                      connection.change(pg_sql::kUserInsert,
                                        user.name,
                                        user.role,
                                        user.password_hash,
                                        user.disabled,
                                        user.token_version,
                                        user.created_at_us,
                                        first_role));
        return added == 0 ? Result<void>{} : change_rows(connection, pg_sql::kFactsRaise);
    };
    MUSTER_TRY(write_state(pool_, steps));
    if (added != 0) {
        facts_.set_user(user.name, facts_of(user));
    }
    return added != 0;
}

Result<std::optional<UserRecord>> PostgresStateStore::find_user(string_view name) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kUserSelect, name));
    return rows.next() ? std::optional{user_of(rows)} : std::optional<UserRecord>{};
}

Result<std::vector<UserRecord>> PostgresStateStore::users() {
    const std::unique_lock lock(facts_mutex_);
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kUsersSelect));
    std::vector<UserRecord> users;
    while (rows.next()) {
        users.push_back(user_of(rows));
        facts_.set_user(users.back().name, facts_of(users.back()));
    }
    return users;
}

Result<UserChange> PostgresStateStore::change_user(const UserRecord& user,
                                                   std::int64_t version_before) {
    const std::shared_lock lock(facts_mutex_);
    auto change = UserChange::kOutdated;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        change = UserChange::kOutdated;
        if (!is_active_admin(user)) {
            MUSTER_TRY(connection.query(pg_sql::kUsersLock));
            MUSTER_ASSIGN(const auto last, connection.scalar(pg_sql::kLastAdmin, user.name));
            if (last != 0) {
                change = UserChange::kLastAdmin;
                return {};
            }
        }
        MUSTER_ASSIGN(const auto changed,
                      connection.change(pg_sql::kUserUpdate,
                                        user.role,
                                        user.password_hash,
                                        user.disabled,
                                        user.token_version,
                                        user.name,
                                        version_before));
        if (changed == 0) {
            return {};
        }
        change = UserChange::kDone;
        return change_rows(connection, pg_sql::kFactsRaise);
    };
    MUSTER_TRY(write_state(pool_, steps));
    if (change == UserChange::kDone) {
        facts_.set_user(user.name, facts_of(user));
    }
    return change;
}

// --- idempotency keys

Result<std::optional<StateStore::Stored>> PostgresStateStore::find_answer(string_view scope,
                                                                          string_view key,
                                                                          std::int64_t now_us) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kAnswerSelect, scope, key, now_us));
    if (!rows.next()) {
        return std::optional<Stored>{};
    }
    return std::optional{Stored{.payload_hash = std::string(rows.text(0)),
                                .answer = {.status = static_cast<int>(rows.int64(1)),
                                           .headers = std::string(rows.text(2)),
                                           .body = std::string(rows.text(3))}}};
}

Result<void> PostgresStateStore::store_answer(const IdempotencyKey& key,
                                              const StoredAnswer& answer,
                                              std::int64_t expires_at_us) {
    return write_state(pool_, [&](PgConnection& connection) {
        return change_rows(connection,
                           pg_sql::kAnswerStore,
                           key.scope,
                           key.key,
                           key.payload_hash,
                           std::int64_t{answer.status},
                           answer.headers,
                           answer.body,
                           expires_at_us);
    });
}

// --- audit

Result<void> PostgresStateStore::add_audit(const AuditEntry& entry) {
    return write_state(pool_, [&](PgConnection& connection) {
        return change_rows(connection,
                           pg_sql::kAuditStore,
                           entry.at_us,
                           entry.user,
                           entry.action,
                           entry.subject,
                           entry.detail,
                           entry.request_id);
    });
}

Result<std::vector<AuditEntry>> PostgresStateStore::audit(std::int64_t limit) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kAuditSelect, limit));
    std::vector<AuditEntry> entries;
    while (rows.next()) {
        entries.push_back({.at_us = rows.int64(0),
                           .user = std::string(rows.text(1)),
                           .action = std::string(rows.text(2)),
                           .subject = std::string(rows.text(3)),
                           .detail = std::string(rows.text(4)),
                           .request_id = std::string(rows.text(5))});
    }
    return entries;
}

Result<void> PostgresStateStore::expire(std::int64_t now_us, int audit_days) {
    const std::int64_t audit_from = now_us - audit_days * kMicrosecondsPerDay;
    const std::int64_t occurrences_from = now_us - kOccurrencesKeptDays * kMicrosecondsPerDay;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_TRY(change_rows(connection, pg_sql::kAnswerExpire, now_us));
        MUSTER_TRY(change_rows(connection, pg_sql::kRefreshExpire, now_us));
        MUSTER_TRY(change_rows(connection, pg_sql::kRevokedExpire, now_us));
        MUSTER_TRY(change_rows(connection, pg_sql::kOccurrenceExpire, occurrences_from));
        return change_rows(connection, pg_sql::kAuditExpire, audit_from);
    };
    MUSTER_TRY(write_state(pool_, steps));
    facts_.forget_expired(now_us);
    return {};
}

}  // namespace muster
