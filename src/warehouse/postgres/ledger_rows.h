// Rows of the ledger as records, the same for every server of the protocol.
#pragma once

#include "core/result.h"
#include "warehouse/ledger.h"
#include "warehouse/postgres/rows.h"

#include <string>
#include <vector>

namespace muster {

// Rows of kRunsSelect, without their tables.
std::vector<RunRecord> read_runs(PgRows rows);

// Of the runs that begin with `run_id`, at most two, the one that is meant. kNotFound if there is
// none, or more than one and none of just this name.
Result<RunRecord> only_run(std::vector<RunRecord> found, const std::string& run_id);

}  // namespace muster
