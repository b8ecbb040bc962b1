// The jobs that `muster serve` runs by the schedules of the catalog.
#pragma once

#include "api/app.h"
#include "cli/verb_context.h"
#include "scheduler/scheduler.h"

#include <memory>

namespace muster {

// Starts the jobs and says on the console when they come next; null if nothing is scheduled. What
// they do goes to the log and into /metrics. `app` and the warehouse's state must outlive it.
Result<std::unique_ptr<Scheduler>> start_schedules(VerbContext& context, App& app);

}  // namespace muster
