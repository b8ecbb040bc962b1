// The objects that `muster validate` looks at: words of the command line to tables and files.
#pragma once

#include "catalog/catalog.h"
#include "cli/verb_context.h"
#include "storage/object_store.h"

#include <memory>
#include <string>
#include <vector>

namespace muster {

struct ValidateTarget {
    const Table* table = nullptr;
    std::shared_ptr<ObjectStore> store;
    ObjectKey key;
    std::uint64_t bytes = 0;
};

// In the order of the objects' names, then of the tables'. Without words all tables; kUsage for a
// word that is neither a table nor a file, or a file that fits no table or several.
Result<std::vector<ValidateTarget>> validate_targets(VerbContext& context);

}  // namespace muster
