// Reports, queries of users, and small facts about tables.
#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/query_guard.h"
#include "warehouse/duckdb/row_stream.h"
#include "warehouse/duckdb/rows_values.h"
#include "warehouse/duckdb/sql.h"

#include <algorithm>

namespace muster {

namespace {

// Without the semicolon and blanks at the end, so that it can stand in parentheses.
std::string trimmed_sql(std::string_view sql) {
    while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n' ||
                            sql.back() == '\r' || sql.back() == '\t')) {
        sql.remove_suffix(1);
    }
    return std::string(sql);
}

// A parameter that the SQL does not use is no error.
Result<void> bind_params(Statement& statement, const std::vector<QueryParam>& params) {
    for (const QueryParam& param : params) {
        idx_t index = 0;
        if (duckdb_bind_parameter_index(statement.raw(), &index, param.name.c_str()) ==
            DuckDBError) {
            continue;
        }
        if (!bind_value(statement, index, make_value(param.type, param.value)).ok()) {
            return Error{ErrorCode::kInternal, "cannot bind the parameter " + param.name, "", ""};
        }
    }
    return {};
}

Error in_report(Error error, const Report& report) {
    error.message = "report " + report.name.str() + ": " + error.message;
    if (error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kUsage;
        error.hint = "mend " + report.sql_path;
    }
    return error;
}

Error in_query(Error error) {
    if (error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kUsage;
    }
    return error;
}

}  // namespace

Result<std::unique_ptr<RowStream>> DuckdbWarehouse::report(const Report& report,
                                                           const std::vector<QueryParam>& params,
                                                           const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, connect());
    std::string select;
    std::vector<ResultColumn> columns;
    for (const ReportColumn& column : report.columns) {
        select += (select.empty() ? "" : ", ") + std::string("CAST(") +
                  sql_identifier(column.name) + " AS " + sql_type(column.type) + ")";
        columns.push_back({column.name, column.type});
    }
    auto prepared =
        connection.prepare("SELECT " + select + " FROM (\n" + trimmed_sql(report.sql) + "\n)");
    if (!prepared.ok()) {
        return in_report(std::move(prepared).error(), report);
    }
    Statement statement = std::move(prepared).value();
    MUSTER_TRY(bind_params(statement, params));
    auto stream = DuckdbRowStream::open(
        std::move(connection), std::move(statement), std::move(columns), cancel);
    if (!stream.ok()) {
        return in_report(std::move(stream).error(), report);
    }
    return stream;
}

Result<std::unique_ptr<RowStream>> DuckdbWarehouse::query(const std::string& sql,
                                                          const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, connect());
    const std::string text = trimmed_sql(sql);
    MUSTER_TRY(check_user_query(connection, text));
    auto prepared = connection.prepare(text);
    if (!prepared.ok()) {
        return in_query(std::move(prepared).error());
    }
    Statement statement = std::move(prepared).value();
    if (duckdb_prepared_statement_type(statement.raw()) != DUCKDB_STATEMENT_TYPE_SELECT) {
        return Error{ErrorCode::kUsage, "only a SELECT statement is allowed in a query", "", ""};
    }
    std::vector<ResultColumn> columns;
    std::string names;
    std::string casts;
    bool cast_needed = false;
    for (idx_t i = 0; i < duckdb_prepared_statement_column_count(statement.raw()); ++i) {
        const char* name = duckdb_prepared_statement_column_name(statement.raw(), i);
        const auto type = column_type_of(statement.raw(), i);
        columns.push_back({name, type.value_or(ColumnType{})});
        duckdb_free(const_cast<char*>(name));
        const std::string alias = "c" + std::to_string(i);
        names += (names.empty() ? "" : ", ") + alias;
        casts += (casts.empty() ? "" : ", ") + (type ? alias : "CAST(" + alias + " AS VARCHAR)");
        cast_needed = cast_needed || !type;
    }
    if (cast_needed) {
        MUSTER_ASSIGN(
            auto wrapped,
            connection.prepare("SELECT " + casts + " FROM (\n" + text + "\n) AS q(" + names + ")"));
        auto stream = DuckdbRowStream::open(
            std::move(connection), std::move(wrapped), std::move(columns), cancel);
        return stream.ok() ? std::move(stream) : in_query(std::move(stream).error());
    }
    auto stream = DuckdbRowStream::open(
        std::move(connection), std::move(statement), std::move(columns), cancel);
    return stream.ok() ? std::move(stream) : in_query(std::move(stream).error());
}

Result<std::int64_t> DuckdbWarehouse::table_version(const TableName& table) {
    MUSTER_ASSIGN(auto connection, connect());
    return connection.scalar(sql::kTableVersion, std::string_view(table.str()));
}

Result<std::int64_t> DuckdbWarehouse::row_count(const TableName& table) {
    MUSTER_ASSIGN(auto connection, connect());
    return connection.scalar("SELECT count(*) FROM " + sql::target(table));
}

}  // namespace muster
