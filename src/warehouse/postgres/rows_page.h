// Pages of a table by keyset: the row after which to go on is a condition, never an OFFSET, so that
// a page deep in the table costs no more than the first.
#pragma once

#include "warehouse/postgres/connection.h"
#include "warehouse/row_tables.h"

#include <optional>

namespace muster {

// Rows, count and version are those of one moment.
Result<RowPage> read_page(PgConnection& connection, const Table& table, const RowQuery& query);
Result<std::optional<Row>> read_row(PgConnection& connection, const Table& table, const Row& key);

}  // namespace muster
