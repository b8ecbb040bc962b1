#include "engine/detail/duckdb_handle.h"
#include "engine/detail/scan_source.h"
#include "engine/scan_object.h"

namespace muster {
namespace {

// A row of NULLs with the table's names and types, for the binder.
std::string typed_row_sql(const Table& table) {
    std::string sql;
    for (const Column& column : table.columns) {
        sql += (sql.empty() ? "SELECT " : ", ") + std::string{"CAST(NULL AS "} +
               sql_type(column.type) + ") AS " + sql_identifier(column.name);
    }
    return sql;
}

}  // namespace

Result<void> check_row_checks(Engine& engine, const Table& table) {
    if (table.checks.empty()) {
        return {};
    }
    MUSTER_ASSIGN(Connection connection, engine.handle().connect());
    for (const RowCheck& check : table.checks) {
        // As it is evaluated later: TRY takes no function whose value changes from call to call.
        const auto statement =
            connection.prepare("SELECT TRY(CAST((" + check.sql + "\n) AS BOOLEAN)) FROM (" +
                               typed_row_sql(table) + ") AS row_of_table");
        if (!statement) {
            return Error{ErrorCode::kUsage,
                         "table " + table.name.str() + ": the check '" + check.name +
                             "' cannot be evaluated: " + statement.error().message,
                         "mend its sql in the catalog: a condition over the table's columns, in "
                         "DuckDB's SQL",
                         statement.error().detail};
        }
    }
    return {};
}

}  // namespace muster
