// Pages of a table by keyset: the row after which to go on is a condition, never an OFFSET, so that
// a page deep in the table costs no more than the first.
#pragma once

#include "warehouse/postgres/connection.h"
#include "warehouse/row_tables.h"

#include <optional>
#include <string>
#include <string_view>

namespace muster {

// What differs between servers of the protocol.
struct PageDialect {
    std::string (*type_name)(const ColumnType& type);
    bool compares_rows;  // (a, b) > (x, y)
    // A read-only transaction that sees the table, and all else, as of one moment.
    Result<PgTransaction> (*open_snapshot)(PgConnection& connection, std::string_view relation);
};
const PageDialect& postgres_pages();

// Rows, count and version are those of one moment.
Result<RowPage> read_page(PgConnection& connection,
                          const Table& table,
                          const RowQuery& query,
                          const PageDialect& dialect);
Result<std::optional<Row>> read_row(PgConnection& connection,
                                    const Table& table,
                                    const Row& key,
                                    const PageDialect& dialect);

}  // namespace muster
