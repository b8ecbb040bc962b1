// Health, version, metrics, OpenAPI and its page.
#include "api/app.h"
#include "api/swagger_page.h"
#include "core/limits.h"
#include "present/json.h"

namespace muster {
namespace {

http::Response alive(App& /*app*/, const Call& /*call*/) {
    return json_response(200, JsonObject{}.text("status", "ok").str());
}

http::Response ready(App& app, const Call& call) {
    if (app.draining()) {
        return problem(call, {503, "stopping", "the server is stopping", {}});
    }
    const auto tables = app.services().catalog.table_names();
    if (!tables.empty()) {
        const auto version = app.services().warehouse.table_version(TableName{tables.front()});
        if (!version.ok()) {
            return app.failure(call, version.error());
        }
    }
    return json_response(200, JsonObject{}.text("status", "ready").str());
}

http::Response version(App& app, const Call& /*call*/) {
    const http::ServerOptions& server = app.options().server;
    const std::string limits = JsonObject{}
                                   .number("body_bytes", server.body_bytes_max)
                                   .number("bodies_bytes", server.bodies_bytes_max)
                                   .number("rows_per_request", kRowsPerRequestMax)
                                   .number("report_ms", kReportMsMax)
                                   .number("page_rows", kPageRowsMax)
                                   .number("header_bytes", server.header_bytes_max)
                                   .number("url_bytes", server.target_bytes_max)
                                   .number("json_depth", kJsonDepthMax)
                                   .number("connections", server.connections_max)
                                   .number("queued_requests", server.queue_max)
                                   .number("header_ms", server.header_ms)
                                   .number("body_ms", server.body_ms)
                                   .number("write_ms", server.write_ms)
                                   .number("idle_ms", server.idle_ms)
                                   .number("requests_per_minute", app.options().requests_per_minute)
                                   .str();
    return json_response(200,
                         JsonObject{}
                             .text("name", "muster")
                             .text("version", app.services().version)
                             .text("catalog", app.services().catalog.name)
                             .raw("limits", limits)
                             .str());
}

http::Response metrics(App& app, const Call& /*call*/) {
    const RowsStatistics rows = app.services().rows.statistics();
    Metrics& metrics = app.metrics();
    metrics.set("muster_insert_requests_total", {}, static_cast<double>(rows.requests));
    metrics.set("muster_insert_commits_total", {}, static_cast<double>(rows.commits));
    metrics.set("muster_insert_waiting", {}, static_cast<double>(rows.waiting));
    metrics.set(
        "muster_auth_failures_total", {}, static_cast<double>(app.services().accounts.failures()));
    if (const auto state = app.server_state()) {
        metrics.set("muster_http_connections", {}, static_cast<double>(state->connections));
        metrics.set("muster_http_queue_depth", {}, static_cast<double>(state->queued));
        metrics.set("muster_http_requests_running", {}, static_cast<double>(state->running));
    }
    for (const Table& table : app.services().catalog.tables) {
        const auto count = app.services().warehouse.row_count(table.name);
        if (count.ok()) {
            metrics.set(
                "muster_table_rows", {{"table", table.name.str()}}, static_cast<double>(*count));
        }
    }
    http::Response response =
        http::text_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
    return response;
}

http::Response openapi(App& app, const Call& /*call*/) {
    http::Response response = json_response(200, app.openapi());
    response.set("Cache-Control", "public, max-age=60");
    return response;
}

http::Response swagger(App& /*app*/, const Call& call) {
    const auto found = call.path_values.find("file");
    const std::string file = found == call.path_values.end() ? "index.html" : found->second;
    auto asset = swagger_asset(file, call.request);
    return asset ? std::move(*asset)
                 : problem(call, {404, "not_found", "there is no such file", {}});
}

http::Response to_swagger(App& /*app*/, const Call& /*call*/) {
    http::Response response;
    response.status = 308;
    response.set("Location", "/swagger-ui/");
    return response;
}

Route simple(std::string path, std::string operation, std::string summary, Handler handler) {
    return {.method = "GET",
            .pattern = std::move(path),
            .operation = std::move(operation),
            .tag = "system",
            .summary = std::move(summary),
            .access = Access::kPublic,
            .handler = handler};
}

}  // namespace

void add_system_routes(std::vector<Route>& routes) {
    const auto add = [&routes](Route route, RouteAnswer answer) {
        route.answers.push_back(std::move(answer));
        routes.push_back(std::move(route));
    };
    add(simple("/healthz", "healthz", "Whether the process answers.", alive),
        {200, "It does.", "Health"});
    add(simple("/livez", "livez", "Whether the process answers.", alive),
        {200, "It does.", "Health"});
    add(simple("/readyz", "readyz", "Whether requests can be served.", ready),
        {200, "They can.", "Health"});
    Route protected_version = simple("/version", "version", "Version and limits.", version);
    protected_version.access = Access::kReader;
    add(std::move(protected_version), {200, "Version and limits.", "Version"});
    Route protected_metrics = simple("/metrics", "metrics", "Metrics for Prometheus.", metrics);
    protected_metrics.access = Access::kReader;
    add(std::move(protected_metrics), {200, "The metrics.", "Text", {"text/plain"}});
    add(simple("/openapi.json", "openapi", "This document.", openapi),
        {200, "OpenAPI 3.1.", "OpenApi"});
    add(simple("/swagger-ui/", "swagger_ui", "The page to try the API.", swagger),
        {200, "The page.", "Text", {"text/html"}});
    Route asset = simple("/swagger-ui/{file}", "swagger_ui_file", "A file of the page.", swagger);
    asset.params.push_back(
        {"file", "path", R"({"type":"string","minLength":1})", "Its name.", true});
    asset.answers.push_back(problem_answer(404, "There is no such file."));
    add(std::move(asset),
        {200,
         "The file.",
         "Text",
         {"text/html", "text/css", "text/javascript", "image/png", "text/plain"}});
    Route redirect = simple("/swagger-ui", "swagger_ui_redirect", "Leads to the page.", to_swagger);
    add(std::move(redirect), {308, "To /swagger-ui/.", "", {}, {"Location"}});
}

}  // namespace muster
