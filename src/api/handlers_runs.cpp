// Runs of the pipeline: start, list, look, follow, cancel.
#include "api/app.h"
#include "api/json_body.h"
#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::int64_t kRunsDefault = 20;
constexpr std::int64_t kRunsMax = 200;

http::Response start_run(App& app, const Call& call) {
    BodyValues body;
    if (!call.request.body.empty()) {
        const std::vector<BodyField> fields = {{"tables", BodyField::Kind::kTexts, false},
                                               {"force", BodyField::Kind::kFlag, false}};
        if (const auto bad = read_body(call.request.body, fields, body)) {
            return problem(call, *bad);
        }
    }
    std::vector<TableName> tables;
    const Catalog& catalog = app.services().catalog;
    for (const std::string& name : body.texts("tables")) {
        if (catalog.find_table(name) == nullptr) {
            const auto names = catalog.table_names();
            const std::string detail =
                fmt::format("no table '{}'{}", name, did_you_mean(name, names));
            return problem(
                call, {422, "request.invalid", detail, {{"/tables", "value.not_allowed", detail}}});
        }
        tables.emplace_back(name);
    }
    const auto started = app.runs().start(std::move(tables), body.flag("force"));
    if (!started.ok()) {
        return started.error().code == ErrorCode::kBusy
                   ? problem(call, {409, "run.busy", started.error().message, {}})
                   : app.failure(call, started.error());
    }
    app.audit(call, "run.start", started->run_id);
    http::Response response = json_response(
        202, JsonObject{}.text("run_id", started->run_id).text("status", "running").str());
    response.set("Location", "/runs/" + started->run_id);
    return response;
}

http::Response list_runs(App& app, const Call& call) {
    std::int64_t limit = kRunsDefault;
    if (const std::string* text = call.request.parameter("limit")) {
        if (const auto bad = read_limit(*text, kRunsMax, limit)) {
            return problem(call, *bad);
        }
    }
    const auto runs = app.services().warehouse.runs(limit);
    if (!runs.ok()) {
        return app.failure(call, runs.error());
    }
    JsonArray out;
    for (const RunRecord& run : *runs) {
        out.raw(run_json(run, false));
    }
    return json_response(200, out.str());
}

http::Response no_such_run(const Call& call) {
    return problem(
        call,
        {404, "run.not_found", fmt::format("there is no run '{}'", call.path_values.at("id")), {}});
}

http::Response get_run(App& app, const Call& call) {
    const std::string& id = call.path_values.at("id");
    const auto run = app.services().warehouse.run(id);
    if (run.ok() && run->run_id == id) {
        return json_response(200, run_json(*run, true));
    }
    if (!run.ok() && run.error().code != ErrorCode::kNotFound &&
        run.error().code != ErrorCode::kUsage) {
        return app.failure(call, run.error());
    }
    const auto pending = app.runs().pending(id);
    return pending ? json_response(200, run_json(*pending, true)) : no_such_run(call);
}

http::Response follow_run(App& app, const Call& call) {
    auto events = app.runs().events(call.path_values.at("id"));
    if (!events) {
        return no_such_run(call);
    }
    http::Response response;
    response.set("Content-Type", "text/event-stream");
    response.set("Cache-Control", "no-store");
    response.stream = std::move(*events);
    return response;
}

http::Response cancel_run(App& app, const Call& call) {
    const std::string& id = call.path_values.at("id");
    if (app.runs().cancel(id)) {
        app.audit(call, "run.cancel", id);
        return json_response(202,
                             JsonObject{}.text("run_id", id).text("status", "cancelling").str());
    }
    const auto run = app.services().warehouse.run(id);
    if (!run.ok() || run->run_id != id) {
        return no_such_run(call);
    }
    return problem(
        call,
        {409, "run.ended", fmt::format("run {} is not at work here: {}", id, run->status), {}});
}

const RouteParam& run_id_param() {
    static const RouteParam param{
        "id", "path", R"({"type":"string","minLength":1})", "The run's id.", true};
    return param;
}

}  // namespace

void add_run_routes(const Catalog& /*catalog*/, std::vector<Route>& routes) {
    const RouteAnswer missing = problem_answer(404, "There is no such run.");
    routes.push_back(
        {.method = "POST",
         .pattern = "/runs",
         .operation = "start_run",
         .tag = "runs",
         .summary = "Starts a run of the pipeline.",
         .access = Access::kWriter,
         .body = RouteBody{"StartRun", "application/json", false, R"({"force": false})"},
         .answers = {{202, "The run was started.", "Started", {"application/json"}, {"Location"}},
                     problem_answer(409, "A run is at work.")},
         .handler = start_run,
         .idempotent_post = true});
    routes.push_back({.method = "GET",
                      .pattern = "/runs",
                      .operation = "list_runs",
                      .tag = "runs",
                      .summary = "The latest runs first.",
                      .params = {{"limit",
                                  "query",
                                  R"({"type":"integer","minimum":1,"maximum":200,"default":20})",
                                  "How many."}},
                      .answers = {{200, "The runs.", "Runs"}},
                      .handler = list_runs});
    routes.push_back({.method = "GET",
                      .pattern = "/runs/{id}",
                      .operation = "get_run",
                      .tag = "runs",
                      .summary = "One run with its tables and files.",
                      .params = {run_id_param()},
                      .answers = {{200, "The run.", "Run"}, missing},
                      .handler = get_run});
    routes.push_back({.method = "GET",
                      .pattern = "/runs/{id}/events",
                      .operation = "follow_run",
                      .tag = "runs",
                      .summary = "Progress as server-sent events; the last one is the summary.",
                      .params = {run_id_param()},
                      .answers = {{200, "The events.", "Event", {"text/event-stream"}}, missing},
                      .handler = follow_run});
    routes.push_back({.method = "POST",
                      .pattern = "/runs/{id}/cancel",
                      .operation = "cancel_run",
                      .tag = "runs",
                      .summary = "Asks a run to stop; what is open is rolled back.",
                      .access = Access::kWriter,
                      .params = {run_id_param()},
                      .answers = {{202, "The run was asked to stop.", "Started"},
                                  missing,
                                  problem_answer(409, "The run has ended.")},
                      .handler = cancel_run});
}

}  // namespace muster
