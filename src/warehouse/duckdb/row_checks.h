// The row checks of a table, which are written in DuckDB's SQL, for rows of requests to any
// warehouse. Thread-safe.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "engine/engine.h"
#include "warehouse/row_tables.h"

#include <cstdint>
#include <vector>

namespace muster {

// Of each row one bit per check that does not hold, as in a scan: one that cannot be evaluated does
// not. Asks the engine only if the table has checks.
Result<std::vector<std::int64_t>> failed_row_checks(Engine& engine,
                                                    const Table& table,
                                                    const std::vector<const Row*>& rows);

}  // namespace muster
