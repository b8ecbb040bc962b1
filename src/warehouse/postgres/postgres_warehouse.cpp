#include "warehouse/postgres/postgres_warehouse.h"

namespace muster {

PostgresWarehouse::PostgresWarehouse(const std::string& url, Engine& engine, const Clock& clock)
    : engine_(engine),
      clock_(clock),
      pool_({.connection = {.url = url}}),
      data_version_(pool_),
      row_tables_(pool_, clock, engine, data_version_.counter()),
      snapshots_(pool_, clock, engine, data_version_.counter()),
      state_(pool_, clock) {}

}  // namespace muster
