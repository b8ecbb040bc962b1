// The ledger's SQL by name, in PostgreSQL, and the migrations of the schema `muster`. Ids and names
// are unique by constraints: several processes may write at once. Texts are ordered by their bytes,
// as everywhere in muster.
#pragma once

#include <string>
#include <vector>

namespace muster::ledger_sql {

// Muster's own schema: each entry brings it from one version to the next.
const std::vector<std::string>& migrations();

// --- leases --------------------------------------------------------------------------------------
// By the server's clock, so that machines whose clocks differ agree. A run that has ended gives its
// lease back next; who saw its end need not wait for it.
inline constexpr const char* kLeaseTake =
    "WITH before AS (SELECT owner FROM muster.leases WHERE name = $1)"
    " INSERT INTO muster.leases AS l (name, owner, acquired_at_us, expires_at_us)"
    " SELECT $1, $2, now_us, now_us + $3::bigint FROM muster.server_clock"
    " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,"
    " acquired_at_us = excluded.acquired_at_us, expires_at_us = excluded.expires_at_us"
    " WHERE l.owner = excluded.owner OR l.expires_at_us <= excluded.acquired_at_us"
    " OR EXISTS (SELECT FROM muster.runs r WHERE r.run_id = l.owner AND r.status <> 'running')"
    " RETURNING (SELECT owner FROM before)";
inline constexpr const char* kLeaseHolder =
    "SELECT owner, now_us - acquired_at_us FROM muster.leases, muster.server_clock"
    " WHERE name = $1";
inline constexpr const char* kLeaseRenew =
    "UPDATE muster.leases SET expires_at_us = now_us + $3::bigint FROM muster.server_clock"
    " WHERE name = $1 AND owner = $2";
inline constexpr const char* kLeaseRelease =
    "DELETE FROM muster.leases WHERE name = $1 AND owner = $2";
// Another run that took the lease over.
inline constexpr const char* kLeaseLost =
    "SELECT owner FROM muster.leases WHERE name = $1 AND owner <> $2";

// --- runs ----------------------------------------------------------------------------------------
inline constexpr const char* kRunInsert =
    "INSERT INTO muster.runs (run_id, status, kind, backup, trigger, error, started_at_us,"
    " finished_at_us, planned, begun_at_us)"
    " SELECT $1, $2, $3, $4, $5, $6, $7::bigint, 0, $8, now_us FROM muster.server_clock"
    " ON CONFLICT (run_id) DO NOTHING";
inline constexpr const char* kRunFinish =
    "UPDATE muster.runs SET status = $1, error = $2, finished_at_us = $3 WHERE run_id = $4";
inline constexpr const char* kRunTablePut =
    "INSERT INTO muster.run_tables (run_id, table_name, outcome, recorded_at_us)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (run_id, table_name) DO UPDATE"
    " SET outcome = excluded.outcome, recorded_at_us = excluded.recorded_at_us";
inline constexpr const char* kRunTables =
    "SELECT outcome FROM muster.run_tables WHERE run_id = $1 ORDER BY recorded_at_us, table_name";
inline constexpr const char* kRunsSelect =
    "SELECT run_id, status, trigger, error, started_at_us, finished_at_us, kind, \"backup\""
    " FROM muster.runs ";
// A run takes its lease right before or after it is recorded: give it the time of a lease for that.
inline constexpr const char* kRunsLost =
    "SELECT run_id, planned FROM muster.runs, muster.server_clock WHERE status = 'running'"
    " AND begun_at_us < now_us - $1::bigint"
    " AND run_id NOT IN (SELECT owner FROM muster.leases WHERE expires_at_us > now_us)";
inline constexpr const char* kRunLock =
    "SELECT FROM muster.runs WHERE run_id = $1 AND status = 'running' FOR UPDATE";
inline constexpr const char* kPublishedOutcomes =
    "SELECT table_name, outcome FROM muster.publications WHERE run_id = $1";
inline constexpr const char* kPublishedOutcome =
    "SELECT outcome FROM muster.publications WHERE run_id = $1 AND table_name = $2";
inline constexpr const char* kTableVersion =
    "SELECT version FROM muster.table_versions WHERE table_name = $1";
// Changes with every commit of anybody that changes a table or the tables.
inline constexpr const char* kDataVersion =
    "SELECT (SELECT coalesce(sum(version), 0) FROM muster.table_versions)"
    " || ' ' || (SELECT coalesce(string_agg(name || fingerprint, ' ' ORDER BY name), '')"
    " FROM muster.tables)";

// --- objects -------------------------------------------------------------------------------------
inline constexpr const char* kObjectsSelect =
    "SELECT table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode, etag, content_hash,"
    " rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged, deduplicated,"
    " rejected, blank_lines, loaded_at_us FROM muster.objects WHERE table_name = $1"
    " ORDER BY object";
inline constexpr const char* kObjectTouch =
    "UPDATE muster.objects SET mtime_ns = $1, ctime_ns = $2, inode = $3, etag = $4"
    " WHERE table_name = $5 AND object = $6 AND bytes = $7";
inline constexpr const char* kObjectDelete =
    "DELETE FROM muster.objects WHERE table_name = $1 AND object = $2";
inline constexpr const char* kObjectInsert =
    "INSERT INTO muster.objects (table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode,"
    " etag, content_hash, rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged,"
    " deduplicated, rejected, blank_lines, loaded_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
    " $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

// --- rejects -------------------------------------------------------------------------------------
inline constexpr const char* kRejectsSelect =
    "SELECT id, run_id, table_name, object, line, \"offset\", length, raw, severity, state,"
    " state_note, reasons, pointer FROM muster.rejects WHERE true";
inline constexpr const char* kRejectState =
    "UPDATE muster.rejects SET state = $1, state_note = $2 WHERE id = $3";
inline constexpr const char* kLoadRejectsTable =
    "CREATE TEMP TABLE muster_load_rejects (id text COLLATE \"C\", object text, line bigint,"
    " \"offset\" bigint, length bigint, raw text, severity text, reasons text) ON COMMIT DROP";
// A reject seen again keeps its first run and what was decided about it; `gone` is open again.
inline constexpr const char* kRejectsMerge =
    "INSERT INTO muster.rejects AS r (id, run_id, last_seen_run, table_name, object, line,"
    " \"offset\", length, raw, severity, state, state_note, reasons, last_seen_us, pointer)"
    " SELECT l.id, $1, $1, $2, l.object, l.line, l.\"offset\", l.length, decode(l.raw, 'hex'), "
    "l.severity, 'open',"
    " '', l.reasons, $3::bigint, '' FROM pg_temp.muster_load_rejects l"
    " ON CONFLICT (id) DO UPDATE SET last_seen_run = excluded.last_seen_run,"
    " table_name = excluded.table_name, object = excluded.object, line = excluded.line,"
    " \"offset\" = excluded.\"offset\", length = excluded.length, raw = excluded.raw,"
    " severity = excluded.severity, reasons = excluded.reasons,"
    " last_seen_us = excluded.last_seen_us, pointer = '',"
    " state = CASE WHEN r.state IN ('replayed', 'waived') THEN r.state ELSE 'open' END,"
    " state_note = CASE WHEN r.state IN ('replayed', 'waived') THEN r.state_note ELSE '' END";
inline constexpr const char* kRejectsGone =
    "UPDATE muster.rejects SET state = 'gone', state_note = 'not seen by run ' || $1::text"
    " WHERE table_name = $2 AND state = 'open' AND last_seen_run <> $1::text"
    " AND object = ANY($3::text[])";
inline constexpr const char* kReplayKeepOpen =
    "UPDATE muster.rejects r SET state = 'open', state_note = '', reasons = a.reasons,"
    " last_seen_run = $1, last_seen_us = $2 FROM (SELECT m.id, min(l.reasons) AS reasons"
    " FROM unnest($3::bigint[], $4::text[]) AS m(\"offset\", id)"
    " JOIN pg_temp.muster_load_rejects l ON l.\"offset\" = m.\"offset\""
    " WHERE l.severity = 'error' GROUP BY m.id) a WHERE a.id = r.id";
inline constexpr const char* kReplayDone =
    "UPDATE muster.rejects SET state = 'replayed', state_note = 'replayed by run ' || $1::text"
    " WHERE id IN (SELECT m.id FROM unnest($2::bigint[], $3::text[]) AS m(\"offset\", id)"
    " WHERE NOT EXISTS (SELECT FROM pg_temp.muster_load_rejects l"
    " WHERE l.\"offset\" = m.\"offset\" AND l.severity = 'error'))";

}  // namespace muster::ledger_sql
