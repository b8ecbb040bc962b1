// Rows that a caller hands over, in SQL: SELECT ... FROM muster_read_rows(id), with the table's
// columns and types, in their order. For engine and warehouse/duckdb. As AvroScan (avro_scan.h).
#pragma once

#include "archive/archive_table.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "engine/detail/chunk_columns.h"
#include "engine/detail/chunk_target.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/table_files.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace muster {

// Fills rows 0 to n - 1 of a chunk, a target per column, and returns n, at most `rows_max`; 0 at
// the end. Texts must stay where they are until the next call. Called on one thread at a time.
using ChunkSource =
    std::function<Result<std::size_t>(std::span<ChunkTarget> targets, std::size_t rows_max)>;

// The rows of a source one at a time.
ChunkSource chunks_of(RowSource next);

// Rows that one statement reads, once, on one thread. Registered for its lifetime.
class RowScan {
  public:
    RowScan(Engine::Handle& handle, ArchiveTable table, ChunkSource next);
    ~RowScan();
    RowScan(const RowScan&) = delete;
    RowScan& operator=(const RowScan&) = delete;

    std::string sql() const;
    // The error behind a failed statement: that of the source if there is one, else `failed`.
    Error error_behind(const Error& failed) const;
    // Of the rows that were read.
    const FileContent& content() const { return content_; }

    // For the table function.
    const ArchiveTable& table() const { return table_; }
    Result<std::size_t> fill(duckdb_data_chunk output);
    void note(const Error& error) { error_ = error; }

  private:
    Engine::Handle& handle_;
    const ArchiveTable table_;
    const ChunkSource next_;
    std::int64_t id_ = 0;
    ChunkHasher hasher_;
    std::vector<Uint128> hashes_;
    FileContent content_;
    std::optional<Error> error_;
};

// write_parquet() of table_files.h for rows that come in chunks.
Result<FileContent> write_parquet_chunks(Engine& engine,
                                         const ArchiveTable& table,
                                         ChunkSource next,
                                         const std::filesystem::path& file,
                                         const CancelToken* cancel);

// Registers muster_read_rows(id). Called once per database.
Result<void> register_read_rows(Connection& connection, Engine::Handle& handle);

}  // namespace muster
