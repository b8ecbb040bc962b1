// The SQL that comes from outside: queries of users, and reports of the catalog. Pure functions.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/rows.h"
#include "warehouse/warehouse.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Without the semicolon and blanks at the end, so that it can stand in parentheses.
std::string trimmed_sql(std::string_view sql);

// kUsage with the reason if a user's query must not run. What it may do is bounded by the server:
// it stands in the parentheses of a SELECT, in a READ ONLY transaction that is rolled back. Refused
// here are the functions that have an effect in spite of that, or reach the server's files and
// other servers, and what could hide their names.
Result<void> check_user_query(std::string_view sql);

// The text with every $name of `params` as $1, $2, ... of its type, and their values. A parameter
// that the SQL does not use is no error; kUsage naming a $name that is no parameter.
// `type_name` says how the server calls a type.
struct NumberedSql {
    std::string sql;
    PgParams params;
};
using TypeNamer = std::string (*)(const ColumnType&);
Result<NumberedSql> number_params(std::string_view sql,
                                  const std::vector<QueryParam>& params,
                                  TypeNamer type_name);

}  // namespace muster
