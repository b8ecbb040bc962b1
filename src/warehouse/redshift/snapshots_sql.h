// The statements of saving and restoring tables (redshift_table_snapshots.h), and of looking at a
// table before it is changed. `relation`, `from` and `to` are names as SQL. Pure functions.
#pragma once

#include "catalog/catalog.h"

#include <string>

namespace muster::redshift {

inline constexpr const char* kRestoreStage = "muster_restore";
inline constexpr const char* kRestoreStageDrop = "DROP TABLE IF EXISTS muster_restore";

std::string select_rows(const Table& table, const std::string& relation);
// The first and the last value of the first column of the key, and the number of rows.
std::string select_ends(const Table& table, const std::string& relation);

// An empty table with the table's columns, and into it what was copied into kRestoreStage.
std::string create_aside(const Table& table, const std::string& relation);
std::string fill_aside(const Table& table, const std::string& relation);
std::string drop_aside(const std::string& relation);
std::string rename_table(const std::string& from, const std::string& to);

// Rows of `from` whose keys are not in `in`, and rows of both that differ.
std::string count_missing(const Table& table, const std::string& from, const std::string& in);
std::string count_changed(const Table& table, const std::string& from, const std::string& in);

// 0 if the table has no row.
std::string count_some(const TableName& table);
// The values of the table's key that several rows share.
std::string count_shared_keys(const Table& table);

}  // namespace muster::redshift
