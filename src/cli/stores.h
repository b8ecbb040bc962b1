// Opens the stores that the catalog and the command line name, with what the invocation knows:
// its environment, the [s3] section, where local copies may lie, and the request to stop.
#pragma once

#include "cli/verb_context.h"
#include "storage/object_store.h"
#include "warehouse/warehouse.h"

#include <memory>
#include <string>

namespace muster {

// Options that last as long as the process: without the request to stop of a verb.
StoreOptions process_store_options(const Catalog& catalog, const Invocation& invocation);

// Options for any store of this verb. They point into the context.
StoreOptions store_options(const VerbContext& context);

// The warehouse that the catalog names, its stores reached by `store`.
WarehouseOptions warehouse_options(const Catalog& catalog, StoreOptions store);

Result<std::unique_ptr<ObjectStore>> open_verb_store(const VerbContext& context,
                                                     const std::string& url);

// A file or URL of the command line: absolute if it is a path.
std::string object_url(const VerbContext& context, const std::string& word);

}  // namespace muster
