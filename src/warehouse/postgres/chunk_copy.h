// Rows between the engine's DuckDB and a COPY, chunk by chunk: memory does not grow with their
// number.
#pragma once

#include "archive/content_checksum.h"
#include "catalog/catalog.h"
#include "core/result.h"
#include "engine/detail/chunk_columns.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/detail/row_scan.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/postgres/copy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster {

// One entry per column: the scale of a decimal, else 0.
std::vector<int> scales_of(const Table& table);

// Copies the rows of `select` into `target`, "table (column, ...)". `scales` has one entry per
// column, as scales_of(). Returns the number of rows that the server took.
Result<std::int64_t> copy_chunks(Connection& engine,
                                 const std::string& select,
                                 PgConnection& connection,
                                 const std::string& target,
                                 const std::vector<int>& scales);

// One chunk of them.
Result<void> add_chunk(PgCopyWriter& writer,
                       const ResultChunk& chunk,
                       const std::vector<int>& scales);

// The rows of a COPY with the columns of `table`; both must outlive it.
ChunkSource chunks_of_copy(PgCopyReader& copy, const Table& table);

// What the rows of such a COPY hold.
Result<FileContent> content_of_copy(PgCopyReader& copy, const Table& table);

}  // namespace muster
