#include "warehouse/redshift/load_errors.h"

#include "warehouse/redshift/ledger_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster::redshift {
namespace {

constexpr std::size_t kShownMax = 3;

std::string shown(const LoadError& one) {
    const std::string place =
        one.line > 0 ? fmt::format("{}, row {}", one.object, one.line) : one.object;
    return one.column.empty()
               ? fmt::format("\n  {}: {}", place, one.words)
               : fmt::format(
                     "\n  destination.rejected: {}, column {}: {}", place, one.column, one.words);
}

}  // namespace

Result<std::vector<LoadError>> load_errors(PgConnection& connection) {
    MUSTER_ASSIGN(auto rows, connection.query(kLoadErrors));
    std::vector<LoadError> found;
    while (rows.next()) {
        found.push_back({.object = std::string(rows.text(0)),
                         .line = rows.int64(1),
                         .column = std::string(rows.text(2)),
                         .words = std::string(rows.text(3))});
    }
    return found;
}

Error explain_copy(Error error,
                   const std::string& table,
                   const Result<std::vector<LoadError>>& recorded) {
    error.message = "COPY into table " + table + ": " + error.message;
    if (!recorded.ok()) {
        // The server's words are kept; that there are no more is worth a line in the log.
        error.detail += "; sys_load_error_detail cannot be read: " + recorded.error().message;
        return error;
    }
    for (std::size_t i = 0; i < std::min(recorded->size(), kShownMax); ++i) {
        error.message += shown((*recorded)[i]);
    }
    if (!recorded->empty() && error.code == ErrorCode::kInternal) {
        const bool of_a_value =
            std::any_of(recorded->begin(), recorded->end(), [](const LoadError& one) {
                return one.line > 0 || !one.column.empty();
            });
        error.code = of_a_value ? ErrorCode::kConflict : ErrorCode::kVerification;
        error.hint = of_a_value
                         ? "nothing was changed; the rules of the column should refuse such a value"
                         : "nothing was changed; run again with --force to scan the object anew";
    }
    return error;
}

Error explain_copy(PgConnection& connection, Error error, const std::string& table) {
    if (!connection.usable() || error.code == ErrorCode::kCancelled) {
        return explain_copy(std::move(error), table, std::vector<LoadError>());
    }
    return explain_copy(std::move(error), table, load_errors(connection));
}

}  // namespace muster::redshift
