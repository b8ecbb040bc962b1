#include "warehouse/redshift/insert_rows.h"

#include "warehouse/redshift/dialect.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster::redshift {
namespace {

// A statement has at most 16 MB; texts of the ledger are far shorter than their columns allow.
constexpr std::size_t kRowsPerStatementMax = 1000;

}  // namespace

std::string insert_sql(const std::string& target,
                       const std::vector<std::string>& types,
                       std::size_t rows) {
    std::string sql = "INSERT INTO " + target + " VALUES ";
    std::size_t number = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        sql += row == 0 ? "(" : ", (";
        for (std::size_t i = 0; i < types.size(); ++i) {
            sql += fmt::format("{}CAST(${} AS {})", i == 0 ? "" : ", ", ++number, types[i]);
        }
        sql += ")";
    }
    return sql;
}

Result<void> insert_rows(PgConnection& connection,
                         const std::string& target,
                         const std::vector<std::string>& types,
                         std::size_t rows,
                         const std::function<void(std::size_t row, PgParams& params)>& add) {
    const std::size_t batch =
        std::clamp<std::size_t>(kStatementParamsMax / types.size(), 1, kRowsPerStatementMax);
    for (std::size_t first = 0; first < rows; first += batch) {
        const std::size_t count = std::min(batch, rows - first);
        PgParams params;
        for (std::size_t row = first; row < first + count; ++row) {
            add(row, params);
        }
        MUSTER_ASSIGN(const auto done, connection.run(insert_sql(target, types, count), params));
        if (done.rows_changed() != static_cast<std::int64_t>(count)) {
            return Error{
                ErrorCode::kInternal,
                fmt::format(
                    "{} rows were to be written, Redshift wrote {}", count, done.rows_changed()),
                "nothing was changed; please report this",
                ""};
        }
    }
    return {};
}

}  // namespace muster::redshift
