// From the options of a warehouse to connections: over libpq or by the Data API, with whose login.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/redshift/address.h"
#include "warehouse/warehouse.h"

namespace muster::redshift {

// Nothing is sent yet. The clock must outlive the connections.
PgOptions connection_options(const Address& address,
                             const WarehouseOptions& options,
                             const Clock& clock);

}  // namespace muster::redshift
