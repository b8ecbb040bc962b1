// What a COPY says went wrong, with the object, column and words that Redshift has on record.
#pragma once

#include "core/error.h"
#include "warehouse/postgres/connection.h"

#include <string>

namespace muster::redshift {

// The error of a COPY into `table` on this connection, outside a transaction. A record that the
// warehouse itself refused is kConflict and named as destination.rejected; every other error stays
// what it is. What the load's own checks let through should not end here.
Error explain_copy(PgConnection& connection, Error error, const std::string& table);

}  // namespace muster::redshift
