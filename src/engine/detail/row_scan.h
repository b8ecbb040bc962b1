// Rows that a caller hands over, in SQL: SELECT ... FROM muster_read_rows(id), with the table's
// columns and types, in their order. For engine and warehouse/duckdb. As AvroScan (avro_scan.h).
#pragma once

#include "archive/archive_table.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/table_files.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// Rows that one statement reads, once, on one thread. Registered for its lifetime.
class RowScan {
  public:
    RowScan(Engine::Handle& handle, ArchiveTable table, RowSource next);
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
    const RowSource next_;
    std::int64_t id_ = 0;
    std::vector<std::vector<Value>> rows_;  // of the chunk that was handed out: it points to them
    RowHasher hasher_;
    FileContent content_;
    bool ended_ = false;
    std::optional<Error> error_;
};

// Registers muster_read_rows(id). Called once per database.
Result<void> register_read_rows(Connection& connection, Engine::Handle& handle);

}  // namespace muster
