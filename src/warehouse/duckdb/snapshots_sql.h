// The SQL of muster.asides by name: tables that are not in the catalog (table_snapshots.h).
#pragma once

namespace muster::sql {

inline constexpr const char* kAsideInsert = "INSERT INTO muster.asides VALUES (?, ?, ?, ?, ?, ?)";
inline constexpr const char* kAsideDelete = "DELETE FROM muster.asides WHERE name = ?";
inline constexpr const char* kAsidesSelect =
    "SELECT name, kind, table_name, run_id, table_version FROM muster.asides"
    " ORDER BY created_at_us, name";

inline constexpr const char* kLastRun =
    "SELECT run_id FROM muster.publications WHERE table_name = ?"
    " ORDER BY table_version DESC, published_at_us DESC LIMIT 1";
// Objects whose rows came into the table after it had this version.
inline constexpr const char* kObjectsSince =
    "SELECT o.object FROM muster.objects o JOIN muster.publications p"
    " ON p.run_id = o.run_id AND p.table_name = o.table_name"
    " WHERE o.table_name = ? AND p.table_version > ? ORDER BY o.object";

}  // namespace muster::sql
