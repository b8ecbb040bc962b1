// Saving and swapping whole tables in Redshift. Rows leave by UNLOAD below a fresh prefix of the
// clean store, whose manifest says how many there are, and come back by COPY into a table aside,
// which takes the place of the other by two renames in one transaction. Grants of a table stay with
// the one that is replaced.
#pragma once

#include "core/clock.h"
#include "engine/engine.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/redshift/staging.h"
#include "warehouse/table_snapshots.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster {

class RedshiftTableSnapshots final : public TableSnapshots {
  public:
    // The engine reads and writes the files. `data_version` is raised after each swap.
    RedshiftTableSnapshots(PostgresPool& pool,
                           const Clock& clock,
                           Engine& engine,
                           std::atomic<std::uint64_t>& data_version,
                           redshift::Staging& staging)
        : pool_(pool),
          clock_(clock),
          engine_(engine),
          data_version_(data_version),
          staging_(staging) {}

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
    // In the connection's transaction.
    Result<SavedTable> save_relation(PgConnection& connection,
                                     const Table& table,
                                     const std::string& relation,
                                     const std::filesystem::path& parquet,
                                     const CancelToken* cancel);
    Result<void> build(PgConnection& connection,
                       const Table& table,
                       const RestoreFiles& files,
                       const std::vector<MappedColumn>& mapped,
                       const AsideTable& aside,
                       const CancelToken* cancel);
    Result<SwapOutcome> swap_once(PgConnection& connection,
                                  const SwapRequest& request,
                                  bool& unknown);
    Result<bool> swapped(const SwapRequest& request);

    PostgresPool& pool_;
    const Clock& clock_;
    Engine& engine_;
    std::atomic<std::uint64_t>& data_version_;
    redshift::Staging& staging_;
};

}  // namespace muster
