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
    bool of_a_value = false;
    while (rows->next()) {
        found = true;
        // Without a column it is the object that is at fault.
        const bool value = !rows->text(1).empty();
        of_a_value = of_a_value || value;
        error.message += value ? fmt::format("\n  destination.rejected: {}, column {}: {}",
                                             rows->text(0),
                                             rows->text(1),
                                             rows->text(3))
                               : fmt::format("\n  {}: {}", rows->text(0), rows->text(3));
    }
    if (found && error.code == ErrorCode::kInternal) {
        error.code = of_a_value ? ErrorCode::kConflict : ErrorCode::kVerification;
        error.hint = of_a_value
                         ? "nothing was changed; the rules of the column should refuse such a value"
                         : "nothing was changed; run again with --force to scan the object anew";
    }
    return error;
}

}  // namespace muster::redshift
