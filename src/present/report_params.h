// The parameters of a report, from texts by name to typed values.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/warehouse.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// kUsage for an unknown name, a value that does not fit, or one that is missing. `prefix` stands
// before a parameter's name in messages: "--" on the command line, "" in a query string; `known`
// are further names for "did you mean".
Result<std::vector<QueryParam>> bind_report_params(const Report& report,
                                                   const std::map<std::string, std::string>& texts,
                                                   std::string_view prefix,
                                                   const std::vector<std::string>& known = {});

}  // namespace muster
