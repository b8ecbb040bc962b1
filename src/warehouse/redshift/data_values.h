// Values on their way to and from the Data API. Pure functions.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/rows.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::redshift {

// A statement with $1, $2, ... as the Data API takes it: named parameters :p1, :p2, ..., which can
// be neither NULL nor empty, so that such values stand in the text.
struct DataSql {
    std::string sql;
    std::vector<std::pair<std::string, std::string>> parameters;
};
DataSql name_parameters(const std::string& sql, const PgParams& params);

// An answer of GetStatementResult; nothing if it is none.
struct DataPage {
    PgTable table;
    std::string next_token;
};
std::optional<DataPage> read_data_page(const std::string& json);

// What the service says of a statement that failed: the database's words without its decoration,
// and the state that PostgreSQL gives such an error, "" if that is not known: the Data API gives
// none.
struct DataFailure {
    std::string text;
    std::string sqlstate;
    bool of_statement = true;  // false: of the connection that the service has
};
DataFailure read_data_failure(std::string_view error);

// "begin" of "BEGIN READ ONLY", in lower case.
std::string first_word(std::string_view sql);

}  // namespace muster::redshift
