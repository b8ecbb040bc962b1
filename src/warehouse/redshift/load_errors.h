// What Redshift has on record about a COPY that failed: objects, rows, columns and words.
#pragma once

#include "core/error.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster::redshift {

// A row of SYS_LOAD_ERROR_DETAIL.
struct LoadError {
    std::string object;     // s3://...
    std::int64_t line = 0;  // the row in the object, from 1; 0: it names none
    std::string column;     // "": a row as a whole is at fault, or the object
    std::string words;
};

// Of the COPY that this connection ran last and that failed, outside a transaction. The first
// hundred.
Result<std::vector<LoadError>> load_errors(PgConnection& connection);

// The error of a COPY into `table`, with what is on record about it. A record that the warehouse
// itself refused is kConflict and named as destination.rejected; every other error stays what it
// is.
Error explain_copy(Error error,
                   const std::string& table,
                   const Result<std::vector<LoadError>>& recorded);
// The same, looking the record up.
Error explain_copy(PgConnection& connection, Error error, const std::string& table);

}  // namespace muster::redshift
