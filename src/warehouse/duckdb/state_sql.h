// The SQL of the state store by name, and what its statements share.
#pragma once

#include "engine/detail/duckdb_handle.h"

#include <chrono>
#include <thread>

namespace muster::sql {

inline constexpr const char* kUsersCount = "SELECT count(*) FROM muster.users";
inline constexpr const char* kUserCount = "SELECT count(*) FROM muster.users WHERE name = ?";
inline constexpr const char* kUsersSelect =
    "SELECT name, role, password_hash, disabled, token_version, created_at_us FROM muster.users"
    " ORDER BY name";
inline constexpr const char* kUserSelect =
    "SELECT name, role, password_hash, disabled, token_version, created_at_us FROM muster.users"
    " WHERE name = ?";
inline constexpr const char* kUserInsert =
    "INSERT INTO muster.users (name, role, password_hash, disabled, token_version, created_at_us)"
    " VALUES (?, ?, ?, CAST(? AS BOOLEAN), ?, ?)";
inline constexpr const char* kUserUpdate =
    "UPDATE muster.users SET role = ?, password_hash = ?, disabled = CAST(? AS BOOLEAN),"
    " token_version = ? WHERE name = ? AND token_version = ?";

inline constexpr const char* kLastAdmin =
    "SELECT count(*) FROM muster.users WHERE name = ? AND role = 'admin' AND NOT disabled"
    " AND NOT EXISTS (SELECT 1 FROM muster.users WHERE name <> ? AND role = 'admin'"
    " AND NOT disabled)";

inline constexpr const char* kRevokedCount =
    "SELECT count(*) FROM muster.revoked_tokens WHERE jti = ?";
inline constexpr const char* kRevokedInsert =
    "INSERT INTO muster.revoked_tokens (jti, expires_at_us) VALUES (?, ?)";
inline constexpr const char* kRevokedExpire =
    "DELETE FROM muster.revoked_tokens WHERE expires_at_us <= ?";
inline constexpr const char* kRevokedSelect =
    "SELECT jti, expires_at_us FROM muster.revoked_tokens ORDER BY jti";

inline constexpr const char* kRefreshInsert =
    "INSERT INTO muster.refresh_tokens (token_hash, family, user_name, token_version,"
    " expires_at_us, spent_at_us) VALUES (?, ?, ?, ?, ?, ?)";
inline constexpr const char* kRefreshSelect =
    "SELECT token_hash, family, user_name, token_version, expires_at_us, spent_at_us"
    " FROM muster.refresh_tokens WHERE token_hash = ?";
inline constexpr const char* kRefreshSpend =
    "UPDATE muster.refresh_tokens SET spent_at_us = ? WHERE token_hash = ? AND spent_at_us = 0";
inline constexpr const char* kRefreshDropFamily =
    "DELETE FROM muster.refresh_tokens WHERE family = ?";
inline constexpr const char* kRefreshDropUser =
    "DELETE FROM muster.refresh_tokens WHERE user_name = ?";
inline constexpr const char* kRefreshExpire =
    "DELETE FROM muster.refresh_tokens WHERE expires_at_us <= ?";

inline constexpr const char* kAnswerSelect =
    "SELECT payload_hash, status, headers, body FROM muster.idempotency_keys"
    " WHERE scope = ? AND key = ? AND expires_at_us > ?";
inline constexpr const char* kAnswerDelete =
    "DELETE FROM muster.idempotency_keys WHERE scope = ? AND key = ?";
inline constexpr const char* kAnswerInsert =
    "INSERT INTO muster.idempotency_keys (scope, key, payload_hash, status, headers, body,"
    " expires_at_us) VALUES (?, ?, ?, ?, ?, ?, ?)";
inline constexpr const char* kAnswerExpire =
    "DELETE FROM muster.idempotency_keys WHERE expires_at_us <= ?";

inline constexpr const char* kAuditInsert =
    "INSERT INTO muster.audit (at_us, user_name, action, subject, detail, request_id)"
    " VALUES (?, ?, ?, ?, ?, ?)";
inline constexpr const char* kAuditSelect =
    "SELECT at_us, user_name, action, subject, detail, request_id FROM muster.audit"
    " ORDER BY at_us DESC, rowid DESC LIMIT ?";
inline constexpr const char* kAuditExpire = "DELETE FROM muster.audit WHERE at_us < ?";

inline constexpr const char* kScheduleSelect =
    "SELECT since_us FROM muster.schedules WHERE job = ? AND definition = ?";
inline constexpr const char* kScheduleDelete = "DELETE FROM muster.schedules WHERE job = ?";
inline constexpr const char* kScheduleInsert =
    "INSERT INTO muster.schedules (job, definition, since_us) VALUES (?, ?, ?)";
inline constexpr const char* kOccurrenceCount =
    "SELECT count(*) FROM muster.occurrences WHERE job = ? AND planned_at_us = ?";
inline constexpr const char* kOccurrenceInsert =
    "INSERT INTO muster.occurrences (job, planned_at_us, claimed_at_us, finished_at_us, outcome,"
    " detail) VALUES (?, ?, ?, 0, 'started', '')";
inline constexpr const char* kOccurrenceFinish =
    "UPDATE muster.occurrences SET finished_at_us = ?, outcome = ?, detail = ?"
    " WHERE job = ? AND planned_at_us = ?";
inline constexpr const char* kOccurrenceInterrupt =
    "UPDATE muster.occurrences SET finished_at_us = ?, outcome = 'interrupted'"
    " WHERE job = ? AND finished_at_us = 0";
inline constexpr const char* kOccurrenceLast =
    "SELECT planned_at_us, claimed_at_us, finished_at_us, outcome, detail FROM muster.occurrences"
    " WHERE job = ? AND planned_at_us <= ? ORDER BY planned_at_us DESC LIMIT 1";
// The last of a job stays however old it is: what was missed since is judged by it.
inline constexpr const char* kOccurrenceExpire =
    "DELETE FROM muster.occurrences WHERE claimed_at_us < ? AND (job, planned_at_us) NOT IN"
    " (SELECT job, max(planned_at_us) FROM muster.occurrences GROUP BY job)";

}  // namespace muster::sql

namespace muster {

// Runs `steps` in a transaction of its own, again while it conflicts with another writer.
template <typename Steps>
Result<void> write_state(Engine& engine, const Steps& steps) {
    constexpr int kAttemptsMax = 8;
    for (int attempt = 1;; ++attempt) {
        Result<void> done = [&]() -> Result<void> {
            MUSTER_ASSIGN(Connection connection, engine.handle().connect());
            MUSTER_ASSIGN(Transaction transaction, Transaction::open(connection));
            MUSTER_TRY(steps(connection));
            return transaction.commit();
        }();
        if (done.ok() || done.error().code != ErrorCode::kUnavailable || attempt == kAttemptsMax) {
            return done;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(attempt));
    }
}

// A statement that changes rows, however many.
template <typename... Values>
Result<void> change_rows(Connection& connection, const char* sql, const Values&... values) {
    MUSTER_ASSIGN([[maybe_unused]] const auto changed, connection.change(sql, values...));
    return {};
}

}  // namespace muster
