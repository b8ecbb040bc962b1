// Rows by request in DuckDB: keys and references are probed by the batch (architecture.md, 4).
#pragma once

#include "core/clock.h"
#include "engine/engine.h"
#include "warehouse/duckdb/gates.h"
#include "warehouse/duckdb/rows_connections.h"
#include "warehouse/row_tables.h"

#include <atomic>
#include <cstdint>

namespace muster {

class DuckdbRowTables final : public RowTables {
  public:
    DuckdbRowTables(Engine& engine,
                    const Clock& clock,
                    WriteGates& gates,
                    std::atomic<std::uint64_t>& data_version,
                    const std::atomic<std::uint64_t>& schema_epoch)
        : engine_(engine),
          clock_(clock),
          gates_(gates),
          data_version_(data_version),
          connections_(schema_epoch) {}

    Result<std::vector<RowWriteResult>> write(const Table& table,
                                              std::span<const RowWrite* const> group,
                                              std::int64_t gate_wait_ms) override;
    Result<RowPage> list(const Table& table, const RowQuery& query) override;
    Result<std::optional<Row>> find(const Table& table, const Row& key) override;

  private:
    Result<std::vector<RowWriteResult>> write_once(const Table& table,
                                                   std::span<const RowWrite* const> group);

    Engine& engine_;
    const Clock& clock_;
    WriteGates& gates_;
    std::atomic<std::uint64_t>& data_version_;
    KeptConnections connections_;
};

}  // namespace muster
