#include "cli/run_setup.h"

#include "cli/stores.h"
#include "engine/engine.h"

namespace muster {

Result<RunSetup> RunSetup::open(VerbContext& context) {
    RunSetup setup;
    MUSTER_ASSIGN(setup.source, open_verb_store(context, context.catalog->source_url));
    MUSTER_ASSIGN(setup.clean, open_verb_store(context, context.catalog->clean_url));
    MUSTER_ASSIGN(setup.warehouse, context.database->warehouse());
    return setup;
}

RunContext RunSetup::run_context(VerbContext& context) {
    return RunContext{
        .catalog = *context.catalog,
        .engine = context.database->engine(),
        .warehouse = *warehouse,
        .source = *source,
        .clean = *clean,
        .clock = context.clock,
        .threads = context.settings.threads != 0 ? context.settings.threads : machine_threads(),
        .cancel = &context.cancel,
    };
}

}  // namespace muster
