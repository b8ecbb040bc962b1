// Which rejects a verb is about, from its options.
#pragma once

#include "cli/verb_context.h"
#include "warehouse/warehouse.h"

#include <string>
#include <vector>

namespace muster {

std::vector<OptionSpec> reject_filter_options(bool with_limit);
// kUsage for an unknown table, state, severity or limit. Without --limit all.
Result<RejectFilter> reject_filter(const VerbContext& context);
// The one reject whose id begins so, in any state: kNotFound if none, kUsage if several.
Result<RejectEntry> find_reject(Warehouse& warehouse, const std::string& id_prefix);

}  // namespace muster
