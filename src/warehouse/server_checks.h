// What `muster doctor` asks a server that holds the warehouse or the state: one finding for each
// question, with a remedy. Nothing of muster's need be there yet, and nothing stays there.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "warehouse/warehouse.h"

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
// The first finding is whether it can be reached; if not, it is the only one. Nothing is changed.
std::vector<ServerCheck> check_postgres(const std::string& url,
                                        const std::string& what,
                                        const Clock& clock,
                                        const CancelToken* cancel);

// Whether Redshift can be reached and by whom, its version, its clock, rights on the database, and
// what the role of COPY and UNLOAD may do with an object below [clean] url. Empty if the URL names
// no Redshift. The first finding is whether it can be reached; if not, it is the only one.
std::vector<ServerCheck> check_redshift(const WarehouseOptions& options,
                                        const Clock& clock,
                                        const CancelToken* cancel);

}  // namespace muster
