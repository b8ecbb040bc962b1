// How Redshift differs from PostgreSQL on the wire, for the connections of warehouse/postgres.
#pragma once

#include "warehouse/postgres/connection.h"

namespace muster::redshift {

// No setting is sent at startup that Redshift does not know; statements are not kept by name; at
// most 32,767 parameters. A serialisation failure (1023) has the state 40001.
const PgDialect& dialect();

}  // namespace muster::redshift
