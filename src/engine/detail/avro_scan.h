// The rows of Avro files in SQL: SELECT ... FROM muster_read_avro(id), with the table's columns and
// types. For engine and warehouse/duckdb.
//   AvroScan scan(engine.handle(), table, readers);
//   auto made = connection.execute("CREATE TABLE t AS SELECT * FROM " + scan.sql());
//   if (!made.ok()) { return scan.error_behind(std::move(made).error()); }
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_reader.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"
#include "storage/object_store.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace muster {

// Files that one statement reads, once. Registered for its lifetime; the readers must outlive it.
class AvroScan {
  public:
    AvroScan(Engine::Handle& handle, ArchiveTable table, std::span<ObjectReader* const> readers);
    ~AvroScan();
    AvroScan(const AvroScan&) = delete;
    AvroScan& operator=(const AvroScan&) = delete;

    // "muster_read_avro(7)", for one statement. A second one over the same scan reads no row.
    std::string sql() const;

    // The error behind a failed statement: that of reading if there is one, else `failed`. DuckDB
    // hands back texts only.
    Error error_behind(Error failed);

    // For the table function. next_block() is thread-safe.
    const ArchiveTable& table() const { return table_; }
    std::size_t threads() const { return threads_; }
    Result<bool> next_block(AvroStoredBlock& block);
    void note(const Error& error);

  private:
    Engine::Handle& handle_;
    const ArchiveTable table_;
    const std::vector<ObjectReader*> readers_;
    const std::size_t threads_;
    std::int64_t id_ = 0;

    std::mutex mutex_;
    std::optional<AvroReader> reader_;
    std::size_t files_opened_ = 0;
    std::optional<Error> error_;
};

// Registers muster_read_avro(id). Called once per database.
Result<void> register_read_avro(Connection& connection, Engine::Handle& handle);

}  // namespace muster
