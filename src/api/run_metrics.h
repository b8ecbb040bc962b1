// What a run adds to /metrics.
#pragma once

#include "api/metrics.h"
#include "core/clock.h"
#include "pipeline/pipeline.h"

namespace muster {

void count_run(Metrics& metrics, const Clock& clock, const RunReport& report);

}  // namespace muster
