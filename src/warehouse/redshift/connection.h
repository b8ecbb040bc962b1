// How Redshift differs from PostgreSQL on the wire, for the connections of warehouse/postgres.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <string>

namespace muster::redshift {

// No setting is sent at startup that Redshift does not know; statements are not kept by name; at
// most 32,767 parameters. A serialisation failure (1023) has the state 40001.
const PgDialect& dialect();

// "redshift://user@host/database" as libpq reads it. kUsage if it names no host.
Result<std::string> libpq_url(const std::string& url);

}  // namespace muster::redshift
