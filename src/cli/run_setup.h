// What run, replay and export need besides the warehouse: the stores, opened from the catalog.
#pragma once

#include "cli/verb_context.h"
#include "pipeline/pipeline.h"
#include "storage/object_store.h"

#include <memory>

namespace muster {

struct RunSetup {
    std::unique_ptr<ObjectStore> source;
    std::unique_ptr<ObjectStore> clean;
    Warehouse* warehouse = nullptr;

    static Result<RunSetup> open(VerbContext& context);
    // Points into this and the verb's context.
    RunContext run_context(VerbContext& context);
};

}  // namespace muster
