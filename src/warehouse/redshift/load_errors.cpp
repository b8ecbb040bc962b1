#include "warehouse/redshift/load_errors.h"

#include "warehouse/redshift/ledger_sql.h"

#include <fmt/format.h>

namespace muster::redshift {

Error explain_copy(PgConnection& connection, Error error, const std::string& table) {
    error.message = "COPY into table " + table + ": " + error.message;
    if (!connection.usable() || error.code == ErrorCode::kCancelled) {
        return error;
    }
    auto rows = connection.query(kLoadErrors);
    if (!rows.ok()) {
        // The server's words are kept; that there are no more is worth a line in the log.
        error.detail += "; sys_load_error_detail cannot be read: " + rows.error().message;
        return error;
    }
    bool found = false;
    while (rows->next()) {
        found = true;
        error.message += fmt::format(
            "\n  destination.rejected: {}{}: {}",
            rows->text(0),
            rows->text(1).empty() ? std::string() : fmt::format(", column {}", rows->text(1)),
            rows->text(3));
    }
    if (found && error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kConflict;
        error.hint = "nothing was changed; the rules of the column should refuse such a value";
    }
    return error;
}

}  // namespace muster::redshift
