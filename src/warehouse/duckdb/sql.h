// The SQL of the ledger by name, and the SQL that depends on a table's columns. Values are bound;
// identifiers go through sql_identifier. No index and no PRIMARY KEY anywhere: both lost data in
// DuckDB 1.4-1.5 (the write gate keeps keys unique).
#pragma once

#include "catalog/catalog.h"
#include "warehouse/detail/table_sql.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster::sql {

// Muster's own schema: each entry brings it from one version to the next.
const std::vector<std::string>& migrations();

inline constexpr const char* kLeaseSelect =
    "SELECT owner, acquired_at_us, expires_at_us FROM muster.leases WHERE name = ?";
inline constexpr const char* kLeaseDelete = "DELETE FROM muster.leases WHERE name = ?";
inline constexpr const char* kLeaseInsert = "INSERT INTO muster.leases VALUES (?, ?, ?, ?)";
inline constexpr const char* kLeaseRenew =
    "UPDATE muster.leases SET expires_at_us = ? WHERE name = ? AND owner = ?";
inline constexpr const char* kLeaseRelease =
    "DELETE FROM muster.leases WHERE name = ? AND owner = ?";

inline constexpr const char* kRunInsert =
    "INSERT INTO muster.runs (run_id, status, kind, backup, trigger, error, started_at_us,"
    " finished_at_us, planned) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)";
inline constexpr const char* kRunFinish =
    "UPDATE muster.runs SET status = ?, error = ?, finished_at_us = ? WHERE run_id = ?";
inline constexpr const char* kRunEnded =
    "SELECT count(*) FROM muster.runs WHERE run_id = ? AND status <> 'running'";
inline constexpr const char* kRunTableDelete =
    "DELETE FROM muster.run_tables WHERE run_id = ? AND table_name = ?";
inline constexpr const char* kRunTableInsert = "INSERT INTO muster.run_tables VALUES (?, ?, ?, ?)";
inline constexpr const char* kRunTables =
    "SELECT outcome FROM muster.run_tables WHERE run_id = ? ORDER BY recorded_at_us, table_name";
inline constexpr const char* kRunsSelect =
    "SELECT run_id, status, trigger, error, started_at_us, finished_at_us, coalesce(kind, 'load'),"
    " coalesce(backup, '') FROM muster.runs ";
inline constexpr const char* kRunsLost =
    "SELECT run_id, planned FROM muster.runs WHERE status = 'running' AND run_id NOT IN"
    " (SELECT owner FROM muster.leases WHERE expires_at_us > ?)";
inline constexpr const char* kPublishedOutcomes =
    "SELECT table_name, outcome FROM muster.publications WHERE run_id = ?";
inline constexpr const char* kPublishedOutcome =
    "SELECT outcome FROM muster.publications WHERE run_id = ? AND table_name = ?";
inline constexpr const char* kPublicationInsert =
    "INSERT INTO muster.publications VALUES (?, ?, ?, ?, ?)";

inline constexpr const char* kObjectsSelect =
    "SELECT table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode, etag, content_hash,"
    " rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged, deduplicated,"
    " rejected, blank_lines, loaded_at_us FROM muster.objects WHERE table_name = ? ORDER BY object";
inline constexpr const char* kObjectTouch =
    "UPDATE muster.objects SET mtime_ns = ?, ctime_ns = ?, inode = ?, etag = ?"
    " WHERE table_name = ? AND object = ? AND bytes = ?";
inline constexpr const char* kObjectDelete =
    "DELETE FROM muster.objects WHERE table_name = ? AND object = ?";

inline constexpr const char* kTableVersion =
    "SELECT coalesce(max(version), 0) FROM muster.table_versions WHERE table_name = ?";
inline constexpr const char* kTableVersionDelete =
    "DELETE FROM muster.table_versions WHERE table_name = ?";
inline constexpr const char* kTableVersionInsert =
    "INSERT INTO muster.table_versions VALUES (?, ?)";

inline constexpr const char* kRejectsSelect =
    "SELECT id, run_id, table_name, object, line, \"offset\", length, raw, severity, state,"
    " state_note, reasons, coalesce(pointer, '') FROM muster.rejects WHERE ";
inline constexpr const char* kRejectState =
    "UPDATE muster.rejects SET state = ?, state_note = ? WHERE id = ?";

// CREATE TABLE of the table's columns under the name `relation`, which is SQL.
std::string create_table(const Table& table, const std::string& relation);
// main."table".
std::string target(const TableName& name);
// A value of the column as text, for messages: at most 256 characters, timestamps as RFC 3339.
std::string value_as_text(const Column& column, std::string_view prefix);
std::string key_as_text(const Table& table, std::string_view prefix);

}  // namespace muster::sql
