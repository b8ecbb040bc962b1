// What `muster doctor` asks a PostgreSQL that holds a warehouse or the state: one finding for each
// question, with a remedy. Nothing is changed there, and nothing of muster's need be there yet.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"

#include <string>
#include <vector>

namespace muster {

struct ServerCheck {
    std::string check;    // "warehouse: encoding"
    std::string status;   // ok | warn | fail
    std::string message;  // names the place, never the password
    std::string remedy;   // "" if it is ok
};

// `what` is the section of the catalog, "warehouse" or "state". Empty if `url` names no PostgreSQL.
// The first finding is whether it can be reached; if not, it is the only one.
std::vector<ServerCheck> check_postgres(const std::string& url,
                                        const std::string& what,
                                        const Clock& clock,
                                        const CancelToken* cancel);

}  // namespace muster
