// Which objects of a table a run has to load, and why the others are left alone (architecture.md,
// data flow, step 1).
#pragma once

#include "pipeline/pipeline.h"

#include <functional>

namespace muster {

struct PlannedObject {
    ObjectInfo info;
    bool changed = true;      // no loaded version has the same content and rules
    std::string why_skipped;  // for an unchanged one
};

// The objects in the order of their names.
Result<std::vector<PlannedObject>> discover(const RunContext& context,
                                            const Table& table,
                                            bool force);

}  // namespace muster
