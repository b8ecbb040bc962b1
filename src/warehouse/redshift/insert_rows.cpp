#include "warehouse/redshift/insert_rows.h"

#include "warehouse/redshift/data_api.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster::redshift {
namespace {

constexpr std::size_t kRowsPerStatementMax = 1000;
// A statement has at most 16 MB, and whether its values count is not documented.
constexpr std::size_t kValuesBytesMax = 8U << 20;
// By the Data API the values of a statement, beside its text of a third of that length.
constexpr std::size_t kDataValuesBytesMax = kDataStatementBytesMax / 2;

std::size_t bytes_of(const PgParams& params) {
    std::size_t bytes = 0;
    for (const PgParams::Param& param : params.list()) {
        bytes += param.bytes.size();
    }
    return bytes;
}

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
        std::clamp<std::size_t>(connection.params_max() / types.size(), 1, kRowsPerStatementMax);
    const std::size_t bytes_max =
        connection.remote() == nullptr ? kValuesBytesMax : kDataValuesBytesMax;
    std::size_t count = 0;
    for (std::size_t first = 0; first < rows; first += count) {
        const std::size_t end = std::min(first + batch, rows);
        PgParams params;
        std::size_t bytes = 0;
        for (count = 0; first + count < end; ++count) {
            PgParams row;
            add(first + count, row);
            bytes += bytes_of(row);
            if (count > 0 && bytes > bytes_max) {
                break;
            }
            add(first + count, params);
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
