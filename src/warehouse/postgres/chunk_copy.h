// Rows from the engine's DuckDB into a COPY, chunk by chunk: memory does not grow with their
// number.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster {

// Copies the rows of `select` into `target`, "table (column, ...)". `scales` has one entry per
// column: that of a decimal, else 0. Returns the number of rows that the server took.
Result<std::int64_t> copy_chunks(Connection& engine,
                                 const std::string& select,
                                 PgConnection& connection,
                                 const std::string& target,
                                 const std::vector<int>& scales);

}  // namespace muster
