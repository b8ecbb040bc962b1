// The ledger's SQL by name, in Redshift, and the migrations of the schema `muster`. Keys are not
// enforced: who writes under an id holds a lock or deletes first. A text has at most 65,535 bytes,
// so that outcomes are kept in parts (publications.h) and raw records in base64.
#pragma once

#include <string>
#include <vector>

namespace muster::redshift {

// Muster's own schema: each entry brings it from one version to the next, a statement each.
const std::vector<std::vector<std::string>>& migrations();

inline constexpr const char* kSchemaThere =
    "SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'muster' AND c.relname = 'schema_version'";
inline constexpr const char* kSchemaCreate = "CREATE SCHEMA IF NOT EXISTS muster";
inline constexpr const char* kVersionCreate =
    "CREATE TABLE IF NOT EXISTS muster.schema_version (version BIGINT) DISTSTYLE ALL";
inline constexpr const char* kVersionLock = "LOCK TABLE muster.schema_version";
inline constexpr const char* kSchemaVersion =
    "SELECT COALESCE(MAX(version), 0) FROM muster.schema_version";
inline constexpr const char* kVersionDelete = "DELETE FROM muster.schema_version";
inline constexpr const char* kVersionInsert =
    "INSERT INTO muster.schema_version (version) VALUES ($1)";
inline constexpr const char* kTablesSelect = "SELECT name, schema_json FROM muster.tables";
inline constexpr const char* kTableDelete = "DELETE FROM muster.tables WHERE name = $1";
inline constexpr const char* kTableInsert =
    "INSERT INTO muster.tables (name, schema_json, fingerprint) VALUES ($1, $2, $3)";
// Changes with every commit of anybody that changes a table, or the tables (name '').
inline constexpr const char* kDataVersion =
    "SELECT CAST(COALESCE(SUM(version), 0) AS VARCHAR(40)) FROM muster.table_versions";

// --- leases, by the server's clock ---------------------------------------------------------------
inline constexpr const char* kLeasesLock = "LOCK TABLE muster.leases";
inline constexpr const char* kServerNow =
    "SELECT CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000";
// Of `muster doctor`: the schema that tables are made in, the right to make them there, the right
// to make a schema, and whether muster's own is there.
inline constexpr const char* kRights =
    "SELECT current_schema(), HAS_SCHEMA_PRIVILEGE(current_schema(), 'CREATE'),"
    " HAS_DATABASE_PRIVILEGE(current_database(), 'CREATE'),"
    " (SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'muster')";
inline constexpr const char* kLedgerRights = "SELECT HAS_SCHEMA_PRIVILEGE('muster', 'CREATE')";
// A run that has ended gives its lease back next; who saw its end need not wait for it.
inline constexpr const char* kLeaseHolder =
    "SELECT l.owner, l.acquired_at_us, l.expires_at_us, COALESCE(r.status, 'running')"
    " FROM muster.leases l LEFT JOIN muster.runs r ON r.run_id = l.owner WHERE l.name = $1";
inline constexpr const char* kLeaseDelete = "DELETE FROM muster.leases WHERE name = $1";
inline constexpr const char* kLeaseInsert =
    "INSERT INTO muster.leases (name, owner, acquired_at_us, expires_at_us)"
    " VALUES ($1, $2, $3, $4)";
inline constexpr const char* kLeaseRenew =
    "UPDATE muster.leases SET expires_at_us ="
    " CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000 + CAST($3 AS BIGINT)"
    " WHERE name = $1 AND owner = $2";

// Of whoever is at work beside the runs: backups.
inline constexpr const char* kOtherLeases =
    "SELECT COUNT(*) FROM muster.leases WHERE name <> $1 AND expires_at_us >"
    " CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000";

// --- runs ----------------------------------------------------------------------------------------
inline constexpr const char* kRunsLock = "LOCK TABLE muster.runs";
inline constexpr const char* kRunDelete = "DELETE FROM muster.runs WHERE run_id = $1";
inline constexpr const char* kRunInsert =
    "INSERT INTO muster.runs (run_id, status, kind, \"backup\", trigger, error, started_at_us,"
    " finished_at_us, planned, begun_at_us)"
    " SELECT CAST($1 AS VARCHAR(64)), CAST($2 AS VARCHAR(32)), CAST($3 AS VARCHAR(32)),"
    " CAST($4 AS VARCHAR(256)), CAST($5 AS VARCHAR(32)), CAST($6 AS VARCHAR(65535)),"
    " CAST($7 AS BIGINT), 0, CAST($8 AS VARCHAR(65535)),"
    " CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000";
inline constexpr const char* kRunTableDelete =
    "DELETE FROM muster.run_tables WHERE run_id = $1 AND table_name = $2";
inline constexpr const char* kRunTableInsert =
    "INSERT INTO muster.run_tables (run_id, table_name, part, outcome, recorded_at_us)"
    " VALUES ($1, $2, $3, $4, $5)";
inline constexpr const char* kRunTables =
    "SELECT outcome, part FROM muster.run_tables WHERE run_id = $1"
    " ORDER BY recorded_at_us, table_name, part";
// A run takes its lease right before or after it is recorded: give it the time of a lease for that.
inline constexpr const char* kRunsLost =
    "SELECT run_id, planned FROM muster.runs WHERE status = 'running' AND begun_at_us <"
    " CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000 - CAST($1 AS BIGINT)"
    " AND run_id NOT IN (SELECT owner FROM muster.leases WHERE expires_at_us >"
    " CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000)";
inline constexpr const char* kRunStatus = "SELECT status FROM muster.runs WHERE run_id = $1";

// --- publications --------------------------------------------------------------------------------
inline constexpr const char* kPublishedOutcomes =
    "SELECT outcome, part FROM muster.publications WHERE run_id = $1 ORDER BY table_name, part";
inline constexpr const char* kPublishedOutcome =
    "SELECT outcome, part FROM muster.publications WHERE run_id = $1 AND table_name = $2"
    " ORDER BY part";
inline constexpr const char* kPublicationInsert =
    "INSERT INTO muster.publications (run_id, table_name, part, outcome, table_version,"
    " published_at_us) VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr const char* kLastRun =
    "SELECT run_id FROM muster.publications WHERE table_name = $1 AND part = 0"
    " ORDER BY table_version DESC, published_at_us DESC LIMIT 1";
// Objects whose rows came into the table after it had this version.
inline constexpr const char* kObjectsSince =
    "SELECT o.object FROM muster.objects o JOIN muster.publications p"
    " ON p.run_id = o.run_id AND p.table_name = o.table_name AND p.part = 0"
    " WHERE o.table_name = $1 AND p.table_version > $2 ORDER BY o.object";

// --- rejects -------------------------------------------------------------------------------------
inline constexpr const char* kRejectsSelect =
    "SELECT id, run_id, table_name, object, line, \"offset\", length, \"raw\", severity, state,"
    " state_note, reasons, pointer FROM muster.rejects WHERE 1 = 1";
inline constexpr const char* kLoadRejectsDrop = "DROP TABLE IF EXISTS muster_load_rejects";
inline constexpr const char* kKnownRejectsDrop = "DROP TABLE IF EXISTS muster_known_rejects";
inline constexpr const char* kReplayDrop = "DROP TABLE IF EXISTS muster_replay";
inline constexpr const char* kLoadRejectsTable =
    "CREATE TEMP TABLE muster_load_rejects (id VARCHAR(64), object VARCHAR(4096), line BIGINT,"
    " \"offset\" BIGINT, length BIGINT, \"raw\" VARCHAR(65535), severity VARCHAR(16),"
    " reasons VARCHAR(65535))";
// A reject seen again keeps its first run and what was decided about it; `gone` is open again.
inline constexpr const char* kKnownRejects =
    "CREATE TEMP TABLE muster_known_rejects AS SELECT r.id, r.run_id, r.state, r.state_note"
    " FROM muster.rejects r JOIN muster_load_rejects l ON l.id = r.id";
inline constexpr const char* kKnownRejectsDelete =
    "DELETE FROM muster.rejects WHERE id IN (SELECT id FROM muster_known_rejects)";
inline constexpr const char* kRejectsInsert =
    "INSERT INTO muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\","
    " length, \"raw\", severity, state, state_note, reasons, last_seen_us, pointer)"
    " SELECT l.id, COALESCE(k.run_id, CAST($1 AS VARCHAR(64))), CAST($1 AS VARCHAR(64)),"
    " CAST($2 AS VARCHAR(127)), l.object, l.line, l.\"offset\", l.length, l.\"raw\", l.severity,"
    " CASE WHEN k.state IN ('replayed', 'waived') THEN k.state ELSE 'open' END,"
    " CASE WHEN k.state IN ('replayed', 'waived') THEN k.state_note ELSE '' END,"
    " l.reasons, CAST($3 AS BIGINT), '' FROM muster_load_rejects l"
    " LEFT JOIN muster_known_rejects k ON k.id = l.id";
// The objects' names follow, as a list of parameters.
inline constexpr const char* kRejectsGone =
    "UPDATE muster.rejects SET state = 'gone',"
    " state_note = 'not seen by run ' || CAST($1 AS VARCHAR(64))"
    " WHERE table_name = $2 AND state = 'open' AND last_seen_run <> CAST($1 AS VARCHAR(64))"
    " AND object IN ";
inline constexpr const char* kReplayTable =
    "CREATE TEMP TABLE muster_replay (\"offset\" BIGINT, id VARCHAR(64))";
inline constexpr const char* kReplayKeepOpen =
    "UPDATE muster.rejects SET state = 'open', state_note = '', reasons = a.reasons,"
    " last_seen_run = CAST($1 AS VARCHAR(64)), last_seen_us = CAST($2 AS BIGINT)"
    " FROM (SELECT m.id AS id, MIN(l.reasons) AS reasons FROM muster_replay m"
    " JOIN muster_load_rejects l ON l.\"offset\" = m.\"offset\" WHERE l.severity = 'error'"
    " GROUP BY m.id) a WHERE a.id = muster.rejects.id";
inline constexpr const char* kReplayDone =
    "UPDATE muster.rejects SET state = 'replayed',"
    " state_note = 'replayed by run ' || CAST($1 AS VARCHAR(64))"
    " WHERE id IN (SELECT m.id FROM muster_replay m LEFT JOIN muster_load_rejects l"
    " ON l.\"offset\" = m.\"offset\" AND l.severity = 'error' WHERE l.\"offset\" IS NULL)";

// --- what COPY says ------------------------------------------------------------------------------
inline constexpr const char* kLoadErrors =
    "SELECT TRIM(file_name), COALESCE(line_number, 0), TRIM(column_name), TRIM(error_message)"
    " FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()"
    " ORDER BY start_time, file_name, line_number LIMIT 100";

}  // namespace muster::redshift
