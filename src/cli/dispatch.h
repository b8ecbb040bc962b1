// From an invocation to its exit code: parse, settings, catalog, database, verb.
#pragma once

#include "catalog/catalog.h"
#include "cli/database.h"
#include "cli/settings.h"
#include "control/descriptor.h"
#include "control/invocation.h"
#include "core/cancel.h"
#include "core/clock.h"

#include <atomic>
#include <string>
#include <variant>
#include <vector>

namespace muster {

// What a verb is given that needs the database: the database, or the exit code if another process
// ran the verb.
using Admission = std::variant<Database*, int>;

// How an invocation comes to the database; differs between the process's own verb and guests.
class DatabaseAccess {
  public:
    virtual ~DatabaseAccess() = default;
    // `variables` are the names of the environment that the catalog refers to.
    virtual Result<Admission> admit(const Catalog& catalog,
                                    const Settings& settings,
                                    const std::vector<std::string>& variables) = 0;
};

// Runs one invocation; errors are printed on its descriptors.
int dispatch(const Invocation& invocation,
             const Descriptors& descriptors,
             CancelToken& cancel,
             const Clock& clock,
             DatabaseAccess& access);

// What the signals of a process ask for. While `waiting`, its own verb is over and only guests are
// left to stop.
struct StopRequests {
    CancelToken verb;
    CancelToken guests;
    int cancel_fd = -1;  // readable once `verb` is cancelled by a signal; -1 = never
    std::atomic<bool> waiting{false};
};

// Runs the process's own invocation: becomes the owner or a guest where the verb needs the
// database, and as the owner ends after its last guest.
int run_process(const Invocation& invocation,
                const Descriptors& descriptors,
                StopRequests& stop,
                const Clock& clock);

}  // namespace muster
