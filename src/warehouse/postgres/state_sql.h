// The state store's tables in PostgreSQL and its SQL by name.
#pragma once

namespace muster::pg_sql {

// One statement each; part of muster's schema (its migrations). Names, tokens and occurrences are
// unique by constraints: several processes may write at once.
inline constexpr const char* kStateTables =
    "CREATE TABLE muster.users (name text COLLATE \"C\" PRIMARY KEY, role text NOT NULL,"
    " password_hash text NOT NULL, disabled boolean NOT NULL, token_version bigint NOT NULL,"
    " created_at_us bigint NOT NULL);"
    "CREATE TABLE muster.revoked_tokens (jti text COLLATE \"C\" PRIMARY KEY,"
    " expires_at_us bigint NOT NULL);"
    "CREATE TABLE muster.facts_version (version bigint NOT NULL);"
    "INSERT INTO muster.facts_version VALUES (1);"
    "CREATE TABLE muster.refresh_tokens (token_hash text COLLATE \"C\" PRIMARY KEY,"
    " family text COLLATE \"C\" NOT NULL, user_name text COLLATE \"C\" NOT NULL,"
    " token_version bigint NOT NULL, expires_at_us bigint NOT NULL, spent_at_us bigint NOT NULL);"
    "CREATE INDEX ON muster.refresh_tokens (family);"
    "CREATE INDEX ON muster.refresh_tokens (user_name);"
    "CREATE TABLE muster.idempotency_keys (scope text COLLATE \"C\", key text COLLATE \"C\","
    " payload_hash text NOT NULL, status bigint NOT NULL, headers text NOT NULL,"
    " body text NOT NULL, expires_at_us bigint NOT NULL, PRIMARY KEY (scope, key));"
    "CREATE TABLE muster.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " at_us bigint NOT NULL, user_name text NOT NULL, action text NOT NULL,"
    " subject text NOT NULL, detail text NOT NULL, request_id text NOT NULL);"
    "CREATE INDEX ON muster.audit (at_us, id);"
    "CREATE TABLE muster.schedules (job text COLLATE \"C\" PRIMARY KEY, definition text NOT NULL,"
    " since_us bigint NOT NULL);"
    "CREATE TABLE muster.occurrences (job text COLLATE \"C\", planned_at_us bigint,"
    " claimed_at_us bigint NOT NULL, finished_at_us bigint NOT NULL, outcome text NOT NULL,"
    " detail text NOT NULL, PRIMARY KEY (job, planned_at_us));";

// Who executes an occurrence, and until when this is taken for granted (occurrence_holder.h).
inline constexpr const char* kOccurrenceOwners =
    "ALTER TABLE muster.occurrences ADD COLUMN owner text NOT NULL DEFAULT '',"
    " ADD COLUMN held_until_us bigint NOT NULL DEFAULT 0;";

// Held by a transaction that adds a user who may be the first, or takes an admin away.
inline constexpr const char* kUsersLock =
    "SELECT pg_advisory_xact_lock(hashtextextended('muster users', 0))";
inline constexpr const char* kUserInsert =
    "INSERT INTO muster.users (name, role, password_hash, disabled, token_version, created_at_us)"
    " SELECT $1, CASE WHEN $7 <> '' AND NOT EXISTS (SELECT FROM muster.users) THEN $7 ELSE $2 END,"
    " $3, $4::boolean, $5::bigint, $6::bigint ON CONFLICT (name) DO NOTHING";
inline constexpr const char* kUsersSelect =
    "SELECT name, role, password_hash, disabled, token_version, created_at_us FROM muster.users"
    " ORDER BY name";
inline constexpr const char* kUserSelect =
    "SELECT name, role, password_hash, disabled, token_version, created_at_us FROM muster.users"
    " WHERE name = $1";
inline constexpr const char* kUserUpdate =
    "UPDATE muster.users SET role = $1, password_hash = $2, disabled = $3, token_version = $4"
    " WHERE name = $5 AND token_version = $6";

inline constexpr const char* kLastAdmin =
    "SELECT count(*) FROM muster.users WHERE name = $1 AND role = 'admin' AND NOT disabled"
    " AND NOT EXISTS (SELECT FROM muster.users WHERE name <> $1 AND role = 'admin'"
    " AND NOT disabled)";

// Raised with every change of a user or a revocation, so that others need not read them all.
inline constexpr const char* kFactsRaise = "UPDATE muster.facts_version SET version = version + 1";
inline constexpr const char* kFactsVersion = "SELECT version FROM muster.facts_version";
inline constexpr const char* kFactsUsers = "SELECT name, token_version, disabled FROM muster.users";

inline constexpr const char* kRevokedInsert =
    "INSERT INTO muster.revoked_tokens (jti, expires_at_us) VALUES ($1, $2)"
    " ON CONFLICT (jti) DO NOTHING";
inline constexpr const char* kRevokedExpire =
    "DELETE FROM muster.revoked_tokens WHERE expires_at_us <= $1";
inline constexpr const char* kRevokedSelect =
    "SELECT jti, expires_at_us FROM muster.revoked_tokens ORDER BY jti";

inline constexpr const char* kRefreshInsert =
    "INSERT INTO muster.refresh_tokens (token_hash, family, user_name, token_version,"
    " expires_at_us, spent_at_us) VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr const char* kRefreshSelect =
    "SELECT token_hash, family, user_name, token_version, expires_at_us, spent_at_us"
    " FROM muster.refresh_tokens WHERE token_hash = $1";
inline constexpr const char* kRefreshSpend =
    "UPDATE muster.refresh_tokens SET spent_at_us = $1 WHERE token_hash = $2 AND spent_at_us = 0";
inline constexpr const char* kRefreshDropFamily =
    "DELETE FROM muster.refresh_tokens WHERE family = $1";
inline constexpr const char* kRefreshDropUser =
    "DELETE FROM muster.refresh_tokens WHERE user_name = $1";
inline constexpr const char* kRefreshExpire =
    "DELETE FROM muster.refresh_tokens WHERE expires_at_us <= $1";

inline constexpr const char* kAnswerSelect =
    "SELECT payload_hash, status, headers, body FROM muster.idempotency_keys"
    " WHERE scope = $1 AND key = $2 AND expires_at_us > $3";
inline constexpr const char* kAnswerExpire =
    "DELETE FROM muster.idempotency_keys WHERE expires_at_us <= $1";

inline constexpr const char* kAuditSelect =
    "SELECT at_us, user_name, action, subject, detail, request_id FROM muster.audit"
    " ORDER BY at_us DESC, id DESC LIMIT $1";
inline constexpr const char* kAuditExpire = "DELETE FROM muster.audit WHERE at_us < $1";

// The same definition keeps its time.
inline constexpr const char* kScheduleSince =
    "INSERT INTO muster.schedules AS s (job, definition, since_us) VALUES ($1, $2, $3)"
    " ON CONFLICT (job) DO UPDATE SET definition = excluded.definition, since_us ="
    " CASE WHEN s.definition = excluded.definition THEN s.since_us ELSE excluded.since_us END"
    " RETURNING since_us";
inline constexpr const char* kOccurrenceInsert =
    "INSERT INTO muster.occurrences (job, planned_at_us, claimed_at_us, finished_at_us, outcome,"
    " detail, owner, held_until_us) SELECT $1, $2::bigint, $3::bigint, 0, 'started', '', $4,"
    " now_us + $5::bigint FROM muster.server_clock ON CONFLICT (job, planned_at_us) DO NOTHING";
inline constexpr const char* kOccurrenceFinish =
    "UPDATE muster.occurrences SET finished_at_us = $1, outcome = $2, detail = $3"
    " WHERE job = $4 AND planned_at_us = $5";
inline constexpr const char* kOccurrenceInterrupt =
    "UPDATE muster.occurrences SET finished_at_us = $1, outcome = 'interrupted'"
    " FROM muster.server_clock WHERE job = $2 AND finished_at_us = 0"
    " AND (owner = $3 OR held_until_us <= now_us)";
inline constexpr const char* kOccurrencesHold =
    "UPDATE muster.occurrences SET held_until_us = now_us + $2::bigint FROM muster.server_clock"
    " WHERE owner = $1 AND finished_at_us = 0";
inline constexpr const char* kOccurrenceLast =
    "SELECT planned_at_us, claimed_at_us, finished_at_us, outcome, detail FROM muster.occurrences"
    " WHERE job = $1 AND planned_at_us <= $2 ORDER BY planned_at_us DESC LIMIT 1";
// The last of a job stays however old it is: what was missed since is judged by it.
inline constexpr const char* kOccurrenceExpire =
    "DELETE FROM muster.occurrences WHERE claimed_at_us < $1 AND (job, planned_at_us) NOT IN"
    " (SELECT job, max(planned_at_us) FROM muster.occurrences GROUP BY job)";

}  // namespace muster::pg_sql
