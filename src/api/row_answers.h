// What an insert answers (http-api.md, Tables), and the stored form of an answer.
#pragma once

#include "api/routes.h"
#include "rows/rows.h"

#include <string>
#include <string_view>

namespace muster {

http::Response insert_response(const Call& call,
                               const InsertRequest& request,
                               const InsertOutcome& outcome);

StoredAnswer stored_answer(const http::Response& response);
http::Response replayed_response(const StoredAnswer& answer);

std::string percent_encode(std::string_view text);

// JSON Schema texts of a table's routes.
std::string column_schema(const Table& table, const Column& column);
std::string filter_schema(const Column& column);
std::string order_schema(const Table& table);
std::string key_schema(const Table& table);
std::string example_row(const Table& table);

}  // namespace muster
