// Compares the scan of a text with the reference splitter. Shared by the unit test and the fuzzer.
#pragma once

#include "support/scan_outcome.h"

#include <string>
#include <string_view>

namespace muster {

// "" if the scan of a table of nullable strings gives exactly what the reference says, else the
// first difference. Requires: the table has no null values and no rules.
std::string reference_difference(const Table& table,
                                 std::string_view text,
                                 const OutcomeOptions& options);

}  // namespace muster
