// The first look at an object: is it there, in UTF-8, not empty, and where do its data begin.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "validate/detail/sequencer.h"
#include "validate/detail/table_plan.h"

#include <optional>

namespace muster {

struct OpenedObject {
    ScanStart start;
    std::optional<ObjectProblem> problem;
};

Result<OpenedObject> open_object(const TablePlan& plan, ObjectReader& reader);

}  // namespace muster
