// Tables of muster's own (table_snapshots.h): their names in SQL, their record, and questions about
// their rows.
#pragma once

#include "warehouse/detail/restored_rows.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster {

inline std::string text_of(const AsideTable& aside) { return sql::identifier(aside.name); }

// Puts one on record, in the caller's transaction.
Result<void> record_aside(PgConnection& connection, const AsideTable& aside, std::int64_t now_us);

// All that are on record.
Result<std::vector<AsideTable>> read_asides(PgConnection& connection);

// Questions about restored rows on this connection.
RestoreQueries restore_queries(PgConnection& connection);

}  // namespace muster
