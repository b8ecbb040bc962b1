// Reports, queries of users, and small facts about tables.
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/postgres/row_stream.h"
#include "warehouse/postgres/user_sql.h"

namespace muster {

namespace {

// The text is at fault, as far as the server can tell.
Error in_sql(Error error) {
    if (error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kUsage;
    }
    return error;
}

Error in_report(Error error, const Report& report) {
    error = in_sql(std::move(error));
    error.message = "report " + report.name.str() + ": " + error.message;
    if (error.code == ErrorCode::kUsage) {
        error.hint = "mend " + report.sql_path;
    }
    return error;
}

}  // namespace

Result<std::unique_ptr<RowStream>> PostgresWarehouse::report(const Report& report,
                                                             const std::vector<QueryParam>& params,
                                                             const CancelToken* cancel) {
    std::string select;
    std::vector<ResultColumn> columns;
    for (const ReportColumn& column : report.columns) {
        select += (select.empty() ? "" : ", ") + std::string("CAST(") +
                  sql::identifier(column.name) + " AS " + postgres_type(column.type) + ")";
        columns.push_back({column.name, column.type});
    }
    auto numbered = number_params(trimmed_sql(report.sql), params, postgres_type);
    if (!numbered.ok()) {
        return in_report(std::move(numbered).error(), report);
    }
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    auto stream = PostgresRowStream::open(
        std::move(lease),
        "SELECT " + select + " FROM (\n" + numbered->sql + "\n) AS report_rows",
        numbered->params,
        std::move(columns));
    if (!stream.ok()) {
        return in_report(std::move(stream).error(), report);
    }
    return stream;
}

Result<std::unique_ptr<RowStream>> PostgresWarehouse::query(const std::string& sql,
                                                            const CancelToken* cancel) {
    const std::string text = trimmed_sql(sql);
    MUSTER_TRY(check_user_query(text));
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    auto stream = PostgresRowStream::open(
        std::move(lease), "SELECT * FROM (\n" + text + "\n) AS query_rows", {}, std::nullopt);
    return stream.ok() ? std::move(stream) : in_sql(std::move(stream).error());
}

Result<std::int64_t> PostgresWarehouse::table_version(const TableName& table) {
    return attempt(
        pool_,
        [&table](PgConnection& connection) {
            return connection.scalar(ledger_sql::kTableVersion, table.str());
        },
        kQuestionAttemptsMax);
}

Result<std::int64_t> PostgresWarehouse::row_count(const TableName& table) {
    return attempt(
        pool_,
        [&table](PgConnection& connection) {
            return connection.scalar("SELECT count(*) FROM " + sql::identifier(table.str()));
        },
        kQuestionAttemptsMax);
}

}  // namespace muster
