// Rows of the catalog's tables: insert, upsert, list, one row.
#include "api/app.h"
#include "api/row_answers.h"
#include "core/limits.h"
#include "core/text.h"
#include "present/csv.h"
#include "present/json.h"
#include "types/decode.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

std::vector<ResultColumn> columns_of(const Table& table) {
    std::vector<ResultColumn> columns;
    for (const Column& column : table.columns) {
        columns.push_back({column.name, column.type});
    }
    return columns;
}

std::string row_json(const Table& table, const Row& row) {
    JsonObject out;
    for (std::size_t i = 0; i < row.size(); ++i) {
        out.raw(table.columns[i].name, json_value(table.columns[i].type, row[i]));
    }
    return out.str();
}

http::Response insert_rows(App& app, const Call& call) {
    const bool upsert = prefers(call.request, "resolution=merge-duplicates");
    const bool lenient = prefers(call.request, "handling=lenient");
    InsertRequest request{.table = *call.route.table,
                          .body = call.request.body,
                          .mode = upsert ? WriteMode::kUpsert : WriteMode::kInsert,
                          .lenient = lenient,
                          .object = fmt::format("POST /{}", call.route.table->path),
                          .request_id = call.request.id};
    request.audit = AuditEntry{.at_us = app.services().clock.now_us(),
                               .user = call.principal->user,
                               .action = upsert ? "rows.upsert" : "rows.insert",
                               .subject = call.route.table->name.str(),
                               .detail = "",
                               .request_id = call.request.id};
    if (const std::string* key = call.request.header("idempotency-key")) {
        request.idempotency =
            IdempotencyKey{idempotency_scope(call),
                           *key,
                           payload_hash(call.request.body + (upsert ? "\nupsert" : "") +
                                        (lenient ? "\nlenient" : ""))};
        request.answer = [&](const InsertOutcome& outcome) {
            return stored_answer(insert_response(call, request, outcome));
        };
    }
    const auto outcome = app.services().rows.insert(request);
    if (!outcome.ok() && outcome.error().code == ErrorCode::kUsage) {
        return problem(call, {400, "request.malformed", outcome.error().message, {}});
    }
    if (!outcome.ok()) {
        return app.failure(call, outcome.error());
    }
    if (outcome->result.replayed) {
        return replayed_response(*outcome->result.replayed);
    }
    return insert_response(call, request, *outcome);
}

// A value of a query parameter or path segment as a value of the column.
std::optional<Value> parse_value(const Column& column, const std::string& text) {
    if (column.type.kind == TypeKind::kString) {
        return Value{text};
    }
    Value value;
    return decode_value(column.type, column.formats, text, value) == DecodeStatus::kOk
               ? std::optional{value}
               : std::nullopt;
}

// The order of a list: "column" or "column.desc".
std::optional<Problem> read_order(const Table& table, const std::string& text, RowQuery& query) {
    const std::size_t dot = text.find('.');
    const std::string name = text.substr(0, dot);
    const std::string direction = dot == std::string::npos ? "asc" : text.substr(dot + 1);
    if (table.find_column(name) == nullptr || (direction != "asc" && direction != "desc")) {
        return parameter_problem("order",
                                 fmt::format("'{}' is no column with .asc or .desc", text));
    }
    query.order_by = table.column_index(name);
    query.descending = direction == "desc";
    return std::nullopt;
}

// All parameters but the cursor, which is read against the others.
std::optional<Problem> read_query(const Call& call, RowQuery& query) {
    const Table& table = *call.route.table;
    for (const auto& [name, text] : call.request.query) {
        std::optional<Problem> bad;
        if (name == "limit") {
            std::int64_t limit = 0;
            bad = read_limit(text, kPageRowsMax, limit);
            query.limit = static_cast<std::size_t>(limit);
        } else if (name == "order") {
            bad = read_order(table, text, query);
        } else if (const Column* column = table.find_column(name); column != nullptr) {
            auto value = parse_value(*column, text);
            if (value) {
                query.filters.push_back({table.column_index(name), std::move(*value)});
            } else {
                bad = parameter_problem(
                    name, fmt::format("'{}' is no {}", text, type_text(column->type)));
            }
        }
        if (bad) {
            return bad;
        }
    }
    query.count = prefers(call.request, "count=exact");
    if (const std::string* cursor = call.request.parameter("cursor")) {
        query.after = decode_cursor(table, query, *cursor);
        if (!query.after) {
            return parameter_problem(
                "cursor", "is none of this list; take it from the Link header of the page before");
        }
    }
    return std::nullopt;
}

std::string page_body(const Table& table, const std::vector<Row>& rows, bool csv) {
    if (csv) {
        const auto columns = columns_of(table);
        std::string body = csv_header(columns) + "\r\n";
        for (const Row& row : rows) {
            body += csv_row(columns, row) + "\r\n";
        }
        return body;
    }
    JsonArray out;
    for (const Row& row : rows) {
        out.raw(row_json(table, row));
    }
    return out.str();
}

// The target of the next page: this one's with another cursor.
std::string next_target(const Call& call, const RowQuery& query, const Row& last) {
    std::string target = "/" + call.route.table->path + "?";
    for (const auto& [name, text] : call.request.query) {
        if (name != "cursor") {
            target += percent_encode(name) + "=" + percent_encode(text) + "&";
        }
    }
    return target + "cursor=" + encode_cursor(*call.route.table, query, last);
}

http::Response list_rows(App& app, const Call& call) {
    const Table& table = *call.route.table;
    RowQuery query;
    query.limit = kPageRowsDefault;
    if (const auto bad = read_query(call, query)) {
        return problem(call, *bad);
    }
    const bool csv = negotiate(call.request, {"application/json", "text/csv"}) == "text/csv";
    const auto etag_for = [&](std::int64_t version) {
        return fmt::format("\"{}-{}\"",
                           version,
                           payload_hash(report_cache_key(call.request) + (query.count ? "#" : "")));
    };
    const auto version = app.services().warehouse.table_version(table.name);
    if (version.ok() && not_modified(call.request, etag_for(*version))) {
        http::Response response;
        response.status = 304;
        response.set("ETag", etag_for(*version));
        return response;
    }
    const auto page = app.services().rows.list(table, query);
    if (!page.ok()) {
        return app.failure(call, page.error());
    }
    http::Response response =
        http::text_response(200,
                            csv ? "text/csv; charset=utf-8" : "application/json",
                            page_body(table, page->rows, csv));
    response.set("ETag", etag_for(page->table_version));
    response.set("Cache-Control", "private, no-cache");
    response.set("Vary", "Accept, Authorization, Prefer");
    if (page->more && !page->rows.empty()) {
        response.set(
            "Link", fmt::format("<{}>; rel=\"next\"", next_target(call, query, page->rows.back())));
    }
    if (page->total) {
        response.set("X-Total-Count", std::to_string(*page->total));
        response.set("Preference-Applied", "count=exact");
    }
    return response;
}

// The values of a key in a path, joined by commas where the key has several columns.
std::optional<Row> parse_key(const Table& table, const std::string& text) {
    Row key;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < table.key.size(); ++i) {
        const bool last = i + 1 == table.key.size();
        const std::size_t end = last ? text.size() : text.find(',', begin);
        if (end == std::string::npos || begin > text.size()) {
            return std::nullopt;
        }
        auto value = parse_value(*table.find_column(table.key[i]), text.substr(begin, end - begin));
        if (!value) {
            return std::nullopt;
        }
        key.push_back(std::move(*value));
        begin = end + 1;
    }
    return key;
}

http::Response get_row(App& app, const Call& call) {
    const Table& table = *call.route.table;
    const std::string& text = call.path_values.at("key");
    const auto missing = [&] {
        return problem(call,
                       {404,
                        "row.not_found",
                        fmt::format("{} has no row with the key '{}'", table.name.str(), text),
                        {}});
    };
    const auto key = parse_key(table, text);
    if (!key) {
        return missing();
    }
    const auto row = app.services().rows.find(table, *key);
    if (!row.ok()) {
        return app.failure(call, row.error());
    }
    return row->has_value() ? json_response(200, row_json(table, **row)) : missing();
}

Route insert_route(const Table& table) {
    const std::string name = table.name.str();
    return {
        .method = "POST",
        .pattern = "/" + table.path,
        .operation = "insert_" + name,
        .tag = name,
        .summary = fmt::format("Inserts 1 to {} rows, all or none.", kRowsPerRequestMax),
        .access = Access::kWriter,
        .params = {{"Prefer",
                    "header",
                    R"({"type":"string"})",
                    "handling=lenient keeps the good rows and the bad ones as rejects; "
                    "resolution=merge-duplicates updates rows whose key exists."}},
        .body = RouteBody{"rows_" + name, "application/json", true, example_row(table)},
        .answers = {{200, "Lenient or merged: what became of the rows.", "Written"},
                    {201, "All rows are stored.", "Inserted"},
                    problem_answer(404, "A referenced row is missing."),
                    problem_answer(
                        409, "A key stands twice or exists, or the Idempotency-Key is at work.")},
        .handler = insert_rows,
        .table = &table,
        .idempotent_post = true,
        .keeps_answer = true};
}

Route list_route(const Table& table) {
    const std::string name = table.name.str();
    Route route{
        .method = "GET",
        .pattern = "/" + table.path,
        .operation = "list_" + name,
        .tag = name,
        .summary = "Rows in the order of the key, page by page.",
        .access = Access::kReader,
        .params = {{"limit",
                    "query",
                    fmt::format(R"({{"type":"integer","minimum":1,"maximum":{},"default":{}}})",
                                kPageRowsMax,
                                kPageRowsDefault),
                    "Rows of a page."},
                   {"cursor",
                    "query",
                    R"({"type":"string","pattern":"^[A-Za-z0-9_-]+$"})",
                    "From the Link of the page before."},
                   {"order", "query", order_schema(table), "A column, then .asc or .desc."},
                   {"Prefer", "header", R"({"type":"string"})", "count=exact counts all rows."}},
        .answers = {{200,
                     "The rows.",
                     "list_" + name,
                     {"application/json", "text/csv"},
                     {"ETag", "Link", "X-Total-Count"}},
                    {304, "The client has this version.", ""}},
        .handler = list_rows,
        .table = &table};
    for (const Column& column : table.columns) {
        route.params.push_back(
            {column.name, "query", filter_schema(column), "Only rows with this value."});
    }
    return route;
}

}  // namespace

void add_table_routes(const Catalog& catalog, std::vector<Route>& routes) {
    for (const Table& table : catalog.tables) {
        routes.push_back(insert_route(table));
        routes.push_back(list_route(table));
        routes.push_back({.method = "GET",
                          .pattern = "/" + table.path + "/{key}",
                          .operation = "get_" + table.name.str(),
                          .tag = table.name.str(),
                          .summary = "One row by its key.",
                          .access = Access::kReader,
                          .params = {{"key",
                                      "path",
                                      key_schema(table),
                                      "The key; several columns are joined by commas.",
                                      true}},
                          .answers = {{200, "The row.", "row_" + table.name.str()},
                                      problem_answer(404, "There is no such row.")},
                          .handler = get_row,
                          .table = &table});
    }
}

}  // namespace muster
