// One moment of a table that may be swapped for another one (table_snapshots.h).
#pragma once

#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/connection.h"

#include <string>
#include <string_view>

namespace muster {

// A read-only transaction that sees the table, and all else, as of one moment. The table is locked
// against a swap first: a name is looked up in the present, and the rows of a table that was built
// after the moment would not be seen.
inline Result<PgTransaction> open_snapshot(PgConnection& connection, std::string_view relation) {
    return PgTransaction::open(connection,
                               "ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE " +
                                   sql::identifier(relation) + " IN ACCESS SHARE MODE");
}

}  // namespace muster
