// What a run did to a table, in Redshift: the publications row, which is the truth
// (architecture.md, decision 6), the table's version, and the outcome's JSON in parts that fit a
// column.
#pragma once

#include "core/ids.h"
#include "core/result.h"
#include "warehouse/ledger.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::redshift {

// At least one; no character is cut.
std::vector<std::string> text_parts(std::string_view text);

// Rows of (outcome, part), in which every part 0 begins another outcome.
Result<std::vector<TableOutcome>> read_outcomes(PgRows rows);

// Nothing if the run did not publish into the table.
Result<std::optional<TableOutcome>> published_outcome(PgConnection& connection,
                                                      const RunId& run,
                                                      const std::string& table);

// In the caller's transaction, which holds the table's gate and changes it. Returns the table's
// version: the next one if the table `changed`.
Result<std::int64_t> record_publication(PgConnection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us);

// In the caller's transaction.
Result<void> put_outcome(PgConnection& connection,
                         const std::string& run_id,
                         const TableOutcome& outcome,
                         std::int64_t now_us);

}  // namespace muster::redshift
