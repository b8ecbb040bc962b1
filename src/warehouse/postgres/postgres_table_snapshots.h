// Saving and swapping whole tables in PostgreSQL. As in DuckDB a new table is built aside and takes
// the place of the other by two renames; its indexes, constraints, owner, grants and views become
// those of the table it replaces, with their names. What else hangs on a table itself and not on
// its name (triggers, policies, foreign keys, materialized views) would stay with the old one: then
// the swap is refused.
#pragma once

#include "core/clock.h"
#include "engine/engine.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/table_snapshots.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster {

class PostgresTableSnapshots final : public TableSnapshots {
  public:
    // The engine reads and writes the files. `data_version` is raised after each swap.
    PostgresTableSnapshots(PostgresPool& pool,
                           const Clock& clock,
                           Engine& engine,
                           std::atomic<std::uint64_t>& data_version)
        : pool_(pool), clock_(clock), engine_(engine), data_version_(data_version) {}

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
    // kConflict too if something hangs on the table. Readers of the table are waited for, without
    // keeping others waiting behind it for more than kSwapLockMs at a time; kBusy after
    // kSwapWaitMs.
    Result<SwapOutcome> swap(const SwapRequest& request) override;
    Result<void> drop(const AsideTable& aside) override;
    Result<std::vector<AsideTable>> asides() override;

  private:
    Result<void> build(PgConnection& connection,
                       const Table& table,
                       const RestoreFiles& files,
                       const std::vector<MappedColumn>& mapped,
                       const AsideTable& aside);
    Result<SwapOutcome> swap_once(PgConnection& connection,
                                  const SwapRequest& request,
                                  const std::map<std::string, std::int64_t>& checked,
                                  std::string& number,
                                  bool& unknown);

    PostgresPool& pool_;
    const Clock& clock_;
    Engine& engine_;
    std::atomic<std::uint64_t>& data_version_;
};

}  // namespace muster
