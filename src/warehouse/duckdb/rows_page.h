// Pages of a table by keyset: the row after which to go on is a condition, never an OFFSET, so that
// a page deep in the table costs no more than the first.
#pragma once

#include "warehouse/duckdb/rows_connections.h"
#include "warehouse/row_tables.h"

#include <optional>

namespace muster {

Result<RowPage> read_page(KeptConnection& kept, const Table& table, const RowQuery& query);
Result<std::optional<Row>> read_row(KeptConnection& kept, const Table& table, const Row& key);

}  // namespace muster
