#include "warehouse/postgres/postgres_warehouse.h"

#include "warehouse/postgres/ledger_sql.h"

namespace muster {

PostgresWarehouse::PostgresWarehouse(const WarehouseOptions& options,
                                     Engine& engine,
                                     const Clock& clock)
    : PostgresWarehouse(PgOptions{.url = options.url, .refusal = std::nullopt},
                        ledger_sql::kDataVersion,
                        options.staleness_ms,
                        engine,
                        clock) {}

PostgresWarehouse::PostgresWarehouse(PgOptions options,
                                     const char* data_version_sql,
                                     std::int64_t staleness_ms,
                                     Engine& engine,
                                     const Clock& clock)
    : engine_(engine),
      clock_(clock),
      pool_({.connection = std::move(options)}),
      data_version_(pool_, data_version_sql, staleness_ms),
      row_tables_(pool_, clock, engine, data_version_.counter()),
      snapshots_(pool_, clock, engine, data_version_.counter()),
      state_(pool_, clock) {}

}  // namespace muster
