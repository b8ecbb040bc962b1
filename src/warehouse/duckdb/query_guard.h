// Judges the SQL of a user before it runs. The engine must be able to read Parquet files for
// muster itself, so DuckDB's switch for external access cannot be thrown; instead the statement's
// syntax tree (json_serialize_sql) is read, and only what stays inside the database passes:
//   - exactly one SELECT;
//   - table functions from a short list (no read_csv, glob, query, ...);
//   - tables that are in the database: a name with a dot could otherwise be taken for a file;
//   - no scalar function with an effect.
// The statement then runs in a read-only transaction.
#pragma once

#include "engine/detail/duckdb_handle.h"

#include <string>

namespace muster {

// kUsage with the reason if the statement must not run.
Result<void> check_user_query(Connection& connection, const std::string& sql);

}  // namespace muster
