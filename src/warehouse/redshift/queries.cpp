// Reports and queries of users.
#include "core/text.h"
#include "warehouse/postgres/row_stream.h"
#include "warehouse/postgres/sql_lexer.h"
#include "warehouse/postgres/user_sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/redshift_warehouse.h"
#include "warehouse/redshift/report_rows.h"

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

// A query is sent as it stands, so that its order is kept: SELECT ... INTO would make a table.
Result<void> check_no_into(const std::string& text) {
    SqlLexer lexer(text);
    for (;;) {
        const SqlToken token = lexer.next();
        if (token.kind == SqlTokenKind::kEnd) {
            return {};
        }
        if (token.kind == SqlTokenKind::kWord && ascii_lower(token.text) == "into") {
            return Error{ErrorCode::kUsage,
                         "INTO is not allowed in a query",
                         "a query is one SELECT over the warehouse's tables; it changes nothing",
                         ""};
        }
    }
}

}  // namespace

Result<std::unique_ptr<RowStream>> RedshiftWarehouse::report(const Report& report,
                                                             const std::vector<QueryParam>& params,
                                                             const CancelToken* cancel) {
    auto numbered = number_params(trimmed_sql(report.sql), params, redshift::type_name);
    if (!numbered.ok()) {
        return in_report(std::move(numbered).error(), report);
    }
    std::vector<ResultColumn> columns;
    for (const ReportColumn& column : report.columns) {
        columns.push_back({column.name, column.type});
    }
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    auto stream = redshift::ReportRows::open(
        std::move(lease), numbered->sql, numbered->params, std::move(columns));
    if (!stream.ok()) {
        return in_report(std::move(stream).error(), report);
    }
    return stream;
}

Result<std::unique_ptr<RowStream>> RedshiftWarehouse::query(const std::string& sql,
                                                            const CancelToken* cancel) {
    const std::string text = trimmed_sql(sql);
    MUSTER_TRY(check_user_query(text));
    MUSTER_TRY(check_no_into(text));
    MUSTER_ASSIGN(auto lease, pool_.acquire(cancel));
    auto stream = PostgresRowStream::open(std::move(lease), text, {}, std::nullopt);
    return stream.ok() ? std::move(stream) : in_sql(std::move(stream).error());
}

}  // namespace muster
