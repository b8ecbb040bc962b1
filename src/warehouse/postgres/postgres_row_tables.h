// Rows by request in PostgreSQL. Several processes may write at once: the gate is the database's.
#pragma once

#include "core/clock.h"
#include "engine/engine.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/row_tables.h"

#include <atomic>
#include <cstdint>

namespace muster {

class PostgresRowTables final : public RowTables {
  public:
    // The engine evaluates row checks. `data_version` is raised after each commit that changed a
    // table.
    PostgresRowTables(PostgresPool& pool,
                      const Clock& clock,
                      Engine& engine,
                      std::atomic<std::uint64_t>& data_version)
        : pool_(pool), clock_(clock), engine_(engine), data_version_(data_version) {}

    // If the connection is lost while a commit is under way, PostgreSQL is asked what became of the
    // transaction; if it cannot be reached for kOutcomeWaitMs, the error says that nobody knows.
    Result<std::vector<RowWriteResult>> write(const Table& table,
                                              std::span<const RowWrite* const> group,
                                              std::int64_t gate_wait_ms) override;
    Result<RowPage> list(const Table& table, const RowQuery& query) override;
    Result<std::optional<Row>> find(const Table& table, const Row& key) override;

  private:
    struct Attempt {
        Result<std::vector<RowWriteResult>> results;
        bool again = false;    // it met somebody else: another attempt may succeed
        bool refused = false;  // by the table: the rows at fault are to be found
    };
    Attempt write_once(const Table& table,
                       std::span<const RowWrite* const> group,
                       std::int64_t gate_wait_ms,
                       bool around_refused);

    PostgresPool& pool_;
    const Clock& clock_;
    Engine& engine_;
    std::atomic<std::uint64_t>& data_version_;
};

}  // namespace muster
