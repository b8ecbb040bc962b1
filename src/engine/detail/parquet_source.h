// Parquet files as a table of SQL.
#pragma once

#include "archive/archive_table.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"

#include <filesystem>
#include <string>
#include <vector>

namespace muster {

// How a table is saved, behind COPY ... TO. Level 1: about the size of level 3 for a third of the
// time.
inline constexpr const char* kParquetOptions =
    " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, USE_TMP_FILE false)";

// ['a', 'b']: the names as DuckDB's functions take them, none of them a pattern.
std::string parquet_names_sql(const std::vector<std::filesystem::path>& files);

// read_parquet([...]), nothing guessed from the names of folders. Requires: there is a file.
std::string parquet_source_sql(const std::vector<std::filesystem::path>& files);

// kVerification unless each file has exactly the table's columns, in order and of their types.
Result<void> check_parquet_columns(Connection& connection,
                                   const ArchiveTable& table,
                                   const std::vector<std::filesystem::path>& files);

// An error while files were read: what DuckDB says of their content is kVerification.
Error parquet_error(Error error);

}  // namespace muster
