// Saving and swapping whole tables in DuckDB. A new table, two renames and a drop: the write gate
// is held for milliseconds, while DELETE + INSERT of 10 M rows takes seconds.
#pragma once

#include "core/clock.h"
#include "engine/detail/duckdb_handle.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/detail/restored_rows.h"
#include "warehouse/duckdb/gates.h"
#include "warehouse/table_snapshots.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster {

class DuckdbTableSnapshots final : public TableSnapshots {
  public:
    DuckdbTableSnapshots(Engine& engine,
                         const Clock& clock,
                         WriteGates& gates,
                         std::atomic<std::uint64_t>& data_version,
                         std::atomic<std::uint64_t>& schema_epoch)
        : engine_(engine),
          clock_(clock),
          gates_(gates),
          data_version_(data_version),
          schema_epoch_(schema_epoch) {}

    Result<SavedTable> save(const Table& table,
                            const std::filesystem::path& parquet,
                            const CancelToken* cancel) override;
    Result<SavedTable> save_replaced(const Table& table,
                                     const AsideTable& replaced,
                                     const std::filesystem::path& parquet,
                                     const CancelToken* cancel) override;
    Result<AsideTable> stage(const Table& table,
                             const RestoreFiles& files,
                             const RunId& run,
                             const CancelToken* cancel) override;
    Result<TableChanges> compare(const Table& table,
                                 const AsideTable& staged,
                                 const CancelToken* cancel) override;
    Result<std::vector<BrokenReference>> broken_references(const Catalog& catalog,
                                                           const Table& table,
                                                           const AsideTable& staged,
                                                           const CancelToken* cancel) override;
    Result<SwapOutcome> swap(const SwapRequest& request) override;
    Result<void> drop(const AsideTable& aside) override;
    Result<std::vector<AsideTable>> asides() override;

  private:
    Result<void> build(Connection& connection,
                       const Table& table,
                       const RestoreFiles& files,
                       const std::vector<MappedColumn>& mapped,
                       const AsideTable& aside);
    Result<void> check_staged(Connection& connection,
                              const Table& table,
                              const RestoreFiles& files,
                              const std::vector<MappedColumn>& mapped,
                              const AsideTable& aside,
                              const CancelToken* cancel);

    Engine& engine_;
    const Clock& clock_;
    WriteGates& gates_;
    std::atomic<std::uint64_t>& data_version_;
    std::atomic<std::uint64_t>& schema_epoch_;
};

// Questions about restored rows on this connection.
RestoreQueries restore_queries(Connection& connection);

// Puts a table of muster's own on record, in the caller's transaction.
Result<void> record_aside(Connection& connection, const AsideTable& aside, std::int64_t now_us);

// CHECKPOINT; waits a little for writers that are at work. Called after DDL: a log that mixes it
// with rows is what DuckDB has failed to replay (facts: duckdb#25928).
Result<void> checkpoint_after_ddl(Engine& engine);

}  // namespace muster
