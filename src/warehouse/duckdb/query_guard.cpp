#include "warehouse/duckdb/query_guard.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace muster {

namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 3> kTableFunctionsAllowed = {
    "generate_series", "range", "unnest"};
constexpr std::array<std::string_view, 9> kScalarFunctionsRefused = {"currval",
                                                                     "getenv",
                                                                     "muster_keep",
                                                                     "muster_reject_id",
                                                                     "nextval",
                                                                     "setseed",
                                                                     "setval",
                                                                     "sleep_ms",
                                                                     "write_log"};
// Table references that no SELECT needs; the others of the parser are harmless.
constexpr std::array<std::string_view, 4> kReferencesRefused = {
    "SHOW_REF", "COLUMN_DATA", "DELIM_GET", "BOUND_TABLE_REF"};

template <std::size_t N>
bool in(const std::array<std::string_view, N>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

Error refused(const std::string& reason) {
    return Error{ErrorCode::kUsage,
                 reason,
                 "a query is one SELECT over the warehouse's tables; it reads no files and changes"
                 " nothing",
                 ""};
}

std::string_view text_of(const dom::object& object, std::string_view key) {
    std::string_view value;
    return object.at_key(key).get_string().get(value) == simdjson::SUCCESS ? value
                                                                           : std::string_view();
}

class Guard {
  public:
    explicit Guard(Connection& connection) : connection_(connection) {}

    Result<void> visit(const dom::element& element) {
        dom::object object;
        if (element.get_object().get(object) == simdjson::SUCCESS) {
            MUSTER_TRY(judge(object));
            for (const auto field : object) {
                MUSTER_TRY(visit(field.value));
            }
            return {};
        }
        dom::array array;
        if (element.get_array().get(array) == simdjson::SUCCESS) {
            for (const dom::element item : array) {
                MUSTER_TRY(visit(item));
            }
        }
        return {};
    }

  private:
    Result<void> judge(const dom::object& object) {
        const std::string_view type = text_of(object, "type");
        if (text_of(object, "class") == "FUNCTION") {
            const std::string_view name = text_of(object, "function_name");
            if (in(kScalarFunctionsRefused, name)) {
                return refused("the function " + std::string(name) + " is not allowed in a query");
            }
            return {};
        }
        if (type == "TABLE_FUNCTION") {
            dom::object function;
            const bool known =
                object.at_key("function").get_object().get(function) == simdjson::SUCCESS;
            const std::string_view name = known ? text_of(function, "function_name") : "";
            if (!in(kTableFunctionsAllowed, name)) {
                return refused("the table function " + std::string(name) +
                               " is not allowed in a query");
            }
        }
        if (in(kReferencesRefused, type)) {
            return refused(
                "SHOW, DESCRIBE and SUMMARIZE are not allowed in a query; ask "
                "information_schema.columns");
        }
        return type == "BASE_TABLE" ? judge_table(object) : Result<void>();
    }

    Result<void> judge_table(const dom::object& object) {
        const std::string_view table = text_of(object, "table_name");
        const std::string_view schema = text_of(object, "schema_name");
        const bool outside = !text_of(object, "catalog_name").empty() ||
                             table.find_first_of("./\\:*") != std::string_view::npos;
        if (!outside && schema.empty()) {
            return {};
        }
        std::int64_t found = 0;
        if (!outside) {
            MUSTER_ASSIGN(found,
                          connection_.scalar(
                              "SELECT count(*) FROM (SELECT schema_name, table_name AS name FROM"
                              " duckdb_tables() UNION ALL SELECT schema_name, view_name FROM"
                              " duckdb_views()) WHERE schema_name = ? AND name = ?",
                              schema,
                              table));
        }
        if (found == 0) {
            return refused("there is no table " + std::string(schema) +
                           (schema.empty() ? "" : ".") + std::string(table) + " in the warehouse");
        }
        return {};
    }

    Connection& connection_;
};

}  // namespace

Result<void> check_user_query(Connection& connection, const std::string& sql) {
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT CAST(json_serialize_sql(?::VARCHAR) AS VARCHAR)",
                                   std::string_view(sql)));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found || rows.is_null(0)) {
        return refused("the query is empty");
    }
    dom::parser parser;
    dom::element root;
    const std::string_view json = rows.text(0);
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
        return refused("the query cannot be read");
    }
    bool failed = true;
    if (root.at_key("error").get_bool().get(failed) != simdjson::SUCCESS || failed) {
        std::string_view message;
        std::string_view kind;
        static_cast<void>(root.at_key("error_message").get_string().get(message) ==
                          simdjson::SUCCESS);
        const bool parse_error =
            root.at_key("error_type").get_string().get(kind) == simdjson::SUCCESS &&
            kind == "parser";
        return refused(parse_error ? "the query cannot be read: " + std::string(message)
                                   : "only a SELECT statement is allowed in a query");
    }
    dom::array statements;
    if (root.at_key("statements").get_array().get(statements) != simdjson::SUCCESS ||
        statements.size() != 1) {
        return refused("a query is one statement");
    }
    return Guard(connection).visit(root.at_key("statements").value_unsafe());
}

}  // namespace muster
