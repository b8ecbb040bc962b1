// What a verb works with. Nothing in here is global, since verbs of several processes run in one
// (control/owner.h).
#pragma once

#include "catalog/catalog.h"
#include "cli/console.h"
#include "cli/database.h"
#include "cli/settings.h"
#include "cli/verb.h"
#include "control/invocation.h"
#include "core/cancel.h"
#include "core/clock.h"

#include <filesystem>
#include <optional>

namespace muster {

struct VerbContext {
    const VerbSpec& verb;
    const Arguments& arguments;
    const Invocation& invocation;
    const Settings& settings;
    Console& console;
    const CancelToken& cancel;
    const Clock& clock;
    // Set for verbs that need one; verbs with tolerates_faults look at the errors instead.
    const Catalog* catalog = nullptr;
    std::vector<CatalogProblem> catalog_problems;
    Database* database = nullptr;
    std::optional<Error> database_error;

    // A path of the command line, absolute.
    std::filesystem::path path(const std::string& text) const {
        return (std::filesystem::path{invocation.working_dir} / text).lexically_normal();
    }
};

}  // namespace muster
