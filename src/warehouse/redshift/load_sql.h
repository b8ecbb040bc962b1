// The statements of a load that depend on a table (load_job.h). Pure functions.
#pragma once

#include "catalog/catalog.h"

#include <span>
#include <string>

namespace muster::redshift {

inline constexpr const char* kStageDrop = "DROP TABLE IF EXISTS muster_stage";
inline constexpr const char* kStagedCount = "SELECT COUNT(*) FROM muster_stage";
inline constexpr const char* kLosersDrop = "DROP TABLE IF EXISTS muster_losers";
inline constexpr const char* kLosersCreate = "CREATE TEMP TABLE muster_losers (position BIGINT)";
inline constexpr const char* kMissingDrop = "DROP TABLE IF EXISTS muster_missing";
inline constexpr const char* kMissingCount = "SELECT COUNT(*) FROM muster_missing";
inline constexpr const char* kMissingSelect = "SELECT * FROM muster_missing";

// muster_missing: the positions of the rows in muster_stage that a reference refuses, and for each
// reference 1 if it is at fault. `keys` are the key columns of the referenced tables, as SQL.
std::string find_missing(const Table& table, std::span<const std::string> keys);
// By the object they came from: how many rows of muster_stage are in the table, and how many of
// these with other values.
std::string classify(const Table& table);
std::string delete_changed(const Table& table);
// The rows whose key is not in the table.
std::string insert_new(const Table& table);

// A statement over staged positions that stand in another temporary table as `column`.
std::string delete_positions(const std::string& from, const std::string& column);

}  // namespace muster::redshift
