// Rows by request in Redshift. The gate is the database's; a commit takes a second or more, which
// is what group commit is for. Users, tokens and audit are in another database: an entry of the
// audit is written before the commit, so that no change is without one.
#pragma once

#include "core/clock.h"
#include "engine/engine.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/row_tables.h"

#include <atomic>
#include <cstdint>

namespace muster {

class Warehouse;

class RedshiftRowTables final : public RowTables {
  public:
    // The engine evaluates row checks; `warehouse` gives the state store, after its construction.
    // `data_version` is raised after each commit that changed a table.
    RedshiftRowTables(PostgresPool& pool,
                      const Clock& clock,
                      Engine& engine,
                      std::atomic<std::uint64_t>& data_version,
                      Warehouse& warehouse)
        : pool_(pool),
          clock_(clock),
          engine_(engine),
          data_version_(data_version),
          warehouse_(warehouse) {}

    // If the connection is lost while a commit is under way, the error says that nobody knows.
    Result<std::vector<RowWriteResult>> write(const Table& table,
                                              std::span<const RowWrite* const> group,
                                              std::int64_t gate_wait_ms) override;
    Result<RowPage> list(const Table& table, const RowQuery& query) override;
    Result<std::optional<Row>> find(const Table& table, const Row& key) override;

  private:
    Result<std::vector<RowWriteResult>> write_once(const Table& table,
                                                   std::span<const RowWrite* const> group,
                                                   std::int64_t gate_wait_ms);

    PostgresPool& pool_;
    const Clock& clock_;
    Engine& engine_;
    std::atomic<std::uint64_t>& data_version_;
    Warehouse& warehouse_;
};

}  // namespace muster
