// Many rows by INSERT ... VALUES, in statements that Redshift takes (batches.h).
#pragma once

#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace muster::redshift {

// "INSERT INTO <target> VALUES (CAST($1 AS <type>), ...), ..." of this many rows.
std::string insert_sql(const std::string& target,
                       const std::vector<std::string>& types,
                       std::size_t rows);

// `add` adds the values of a row, one of each type, to the parameters. kInternal unless all rows
// were written.
Result<void> insert_rows(PgConnection& connection,
                         const std::string& target,
                         const std::vector<std::string>& types,
                         std::size_t rows,
                         const std::function<void(std::size_t row, PgParams& params)>& add);

}  // namespace muster::redshift
