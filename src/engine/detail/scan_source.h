// A running scan as DuckDB sees it: muster_scan(id) reads its rows and muster_keep(id, ...) is told
// which rows the row checks refuse.
#pragma once

#include "catalog/catalog.h"
#include "engine/detail/duckdb_handle.h"
#include "validate/scan.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace muster {

struct ScanSource {
    const Table* table = nullptr;
    Scan* scan = nullptr;
    std::uint64_t ordinal = 0;
    std::size_t threads = 1;
    bool with_refused = false;         // adds the column _refused BOOLEAN
    std::function<void()> block_done;  // after each block, from any thread; may be empty
    // A row whose checks failed: its offset and one bit per check. Called under `mutex`.
    std::function<Result<void>(std::int64_t offset, std::int64_t failed)> check_failed;
    std::atomic<std::int64_t> rows_emitted{0};

    // The first error behind a failed statement: DuckDB hands back its text only.
    std::mutex mutex;
    std::optional<Error> error;
};

// Registers the source for its lifetime.
class ScanRegistration {
  public:
    ScanRegistration(Engine::Handle& handle, ScanSource& source);
    ~ScanRegistration();
    ScanRegistration(const ScanRegistration&) = delete;
    ScanRegistration& operator=(const ScanRegistration&) = delete;
    std::int64_t id() const { return id_; }

  private:
    Engine::Handle& handle_;
    std::int64_t id_;
};

// DuckDB's type for a column. The caller destroys it.
duckdb_logical_type duckdb_type_of(const ColumnType& type);
// The same as SQL text: "BIGINT", "DECIMAL(10,2)".
std::string sql_type(const ColumnType& type);

}  // namespace muster
