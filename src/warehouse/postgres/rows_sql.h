// The SQL of rows by request that names no table of the catalog.
#pragma once

namespace muster::pg_sql {

inline constexpr const char* kSchemaSelect =
    "SELECT schema_json FROM muster.tables WHERE name = $1";
inline constexpr const char* kVersionSelect =
    "SELECT version FROM muster.table_versions WHERE table_name = $1";
inline constexpr const char* kVersionUpdate =
    "UPDATE muster.table_versions SET version = $2 WHERE table_name = $1";
inline constexpr const char* kVersionInsert =
    "INSERT INTO muster.table_versions (table_name, version) VALUES ($1, $2)";

inline constexpr const char* kPublicationStore =
    "INSERT INTO muster.publications (run_id, table_name, outcome, table_version, published_at_us)"
    " VALUES ($1, $2, $3, $4, $5)";

inline constexpr const char* kAnswersSelect =
    "SELECT a.scope, a.key, a.payload_hash, a.status, a.headers, a.body"
    " FROM unnest($1::text[], $2::text[]) AS b(scope, key)"
    " JOIN muster.idempotency_keys a ON a.scope = b.scope AND a.key = b.key"
    " WHERE a.expires_at_us > $3";
// An expired one of the same name gives way.
inline constexpr const char* kAnswerStore =
    "INSERT INTO muster.idempotency_keys (scope, key, payload_hash, status, headers, body,"
    " expires_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (scope, key) DO UPDATE SET payload_hash = excluded.payload_hash,"
    " status = excluded.status, headers = excluded.headers, body = excluded.body,"
    " expires_at_us = excluded.expires_at_us";
inline constexpr const char* kAuditStore =
    "INSERT INTO muster.audit (at_us, user_name, action, subject, detail, request_id)"
    " VALUES ($1, $2, $3, $4, $5, $6)";

inline constexpr const char* kKnownRejectsDelete =
    "DELETE FROM muster.rejects WHERE id = ANY($1::text[])"
    " RETURNING id, run_id, state, state_note";
inline constexpr const char* kRejectsStore =
    "INSERT INTO muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\","
    " length, raw, severity, state, state_note, reasons, last_seen_us, pointer)"
    " SELECT id, run_id, last_seen_run, $1, object, 0, 0, 0, convert_to(raw, 'UTF8'), 'error',"
    " state, state_note, reasons, $2, pointer"
    " FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[]) AS b(id, run_id, last_seen_run, object, raw, state,"
    " state_note, reasons, pointer)";

// The number of the transaction, and what became of one.
inline constexpr const char* kTransactionNumber = "SELECT pg_current_xact_id()::text";
inline constexpr const char* kTransactionStatus = "SELECT pg_xact_status($1::xid8)";

}  // namespace muster::pg_sql
