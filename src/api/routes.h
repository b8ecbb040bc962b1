// The one table of what the API offers. The router, OpenAPI, the authorization matrix and the tests
// are derived from it. Table and report routes come from the catalog. Immutable once built.
#pragma once

#include "accounts/accounts.h"
#include "api/http/message.h"
#include "catalog/catalog.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

class App;
struct Route;

// One request on its way through a handler.
struct Call {
    const http::Request& request;
    const Route& route;
    std::map<std::string, std::string> path_values;  // {id} -> "17", decoded
    std::optional<Principal> principal;              // absent on public routes
};

using Handler = http::Response (*)(App& app, const Call& call);

enum class Access { kPublic, kReader, kWriter, kAdmin };

struct RouteParam {
    std::string name;
    std::string in;      // query | path | header
    std::string schema;  // JSON Schema as JSON text
    std::string description;
    bool required = false;
};

struct RouteAnswer {
    int status = 200;
    std::string description;
    std::string schema;  // name of a component, or "" for no body
    std::vector<std::string> types = {"application/json"};
    std::vector<std::string> headers = {};  // further than those every answer has
};

// An answer that is a problem of RFC 9457.
RouteAnswer problem_answer(int status, std::string description);

struct RouteBody {
    std::string schema;  // name of a component
    std::string type = "application/json";
    bool required = true;
    std::string example = {};  // JSON text
};

struct Route {
    std::string method;
    std::string pattern;    // "/departments/{id}"
    std::string operation;  // operationId
    std::string tag;
    std::string summary;
    Access access = Access::kReader;
    std::vector<RouteParam> params = {};
    std::optional<RouteBody> body = {};
    std::vector<RouteAnswer> answers = {};
    Handler handler = nullptr;
    const Table* table = nullptr;              // of table routes
    const Report* report = nullptr;            // of report routes
    std::map<std::string, Value> pinned = {};  // parameters of a report's alias
    bool cached = false;                       // answers may come from the report cache
    bool changes = false;                      // although it may be a GET: no HEAD then
    bool idempotent_post = false;              // takes Idempotency-Key
    bool keeps_answer = false;                 // stores that key's answer itself, with its rows
};

// All routes. The catalog must outlive them.
std::vector<Route> build_routes(const Catalog& catalog);

// The parts, one per file of handlers.
void add_account_routes(std::vector<Route>& routes);
void add_table_routes(const Catalog& catalog, std::vector<Route>& routes);
void add_backup_routes(const Catalog& catalog, std::vector<Route>& routes);
void add_report_routes(const Catalog& catalog, std::vector<Route>& routes);
void add_run_routes(const Catalog& catalog, std::vector<Route>& routes);
void add_reject_routes(const Catalog& catalog, std::vector<Route>& routes);
void add_system_routes(std::vector<Route>& routes);

// Answers every route of this kind may give: added to `answers` where they are missing.
void complete_answers(Route& route);

}  // namespace muster
