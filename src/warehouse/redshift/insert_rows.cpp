#include "warehouse/redshift/insert_rows.h"

#include "warehouse/redshift/batches.h"

#include <fmt/format.h>

namespace muster::redshift {

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
    const BatchedStatement statement{
        .sql = [&](std::size_t count) { return insert_sql(target, types, count); },
        .head = {},
        .add = add};
    return run_batches(
        connection, rows, statement, [](const PgRows& done, std::size_t count) -> Result<void> {
            if (done.rows_changed() == static_cast<std::int64_t>(count)) {
                return {};
            }
            return Error{
                ErrorCode::kInternal,
                fmt::format(
                    "{} rows were to be written, Redshift wrote {}", count, done.rows_changed()),
                "nothing was changed; please report this",
                ""};
        });
}

}  // namespace muster::redshift
