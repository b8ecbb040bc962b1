// The publications row, which is the truth about what a run did to a table (architecture.md,
// decision 6), and the table's version.
#pragma once

#include "core/ids.h"
#include "core/result.h"
#include "warehouse/ledger.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <string>

namespace muster {

// In the caller's transaction, which holds the table's gate and changes it. Returns the table's
// version: the next one if the table `changed`.
Result<std::int64_t> record_publication(PgConnection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us);

// The next version of a table, in the caller's transaction, which holds its gate.
Result<void> set_table_version(PgConnection& connection,
                               const std::string& table,
                               std::int64_t version);

}  // namespace muster
