// Refused records: list, look, replay a mended export, waive.
#include "api/app.h"
#include "api/json_body.h"
#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace muster {
namespace {

constexpr std::int64_t kRejectsDefault = 100;
constexpr std::int64_t kRejectsMax = 1000;
constexpr std::size_t kIdBytes = 32;
constexpr std::string_view kIdLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
const std::vector<std::string> kStates = {"open", "replayed", "waived", "gone", "any"};
const std::vector<std::string> kSeverities = {"error", "notice", "any"};

std::string enum_schema(const std::vector<std::string>& values, std::string_view fallback) {
    JsonObject schema;
    schema.text("type", "string").raw("enum", json_texts(values));
    if (!fallback.empty()) {
        schema.text("default", fallback);
    }
    return schema.str();
}

std::optional<Problem> read_filter(const Call& call, const Catalog& catalog, RejectFilter& filter) {
    filter.limit = kRejectsDefault;
    for (const auto& [name, text] : call.request.query) {
        if (name == "table") {
            if (catalog.find_table(text) == nullptr) {
                return parameter_problem(
                    name,
                    fmt::format(
                        "no table '{}'{}", text, did_you_mean(text, catalog.table_names())));
            }
            filter.table = text;
        } else if ((name == "code" || name == "run") &&
                   text.find_first_not_of(kIdLetters) != std::string::npos) {
            return parameter_problem(name, fmt::format("'{}' cannot be one", text));
        } else if (name == "code") {
            filter.code = text;
        } else if (name == "run") {
            filter.run_id = text;
        } else if (name == "state" || name == "severity") {
            const auto& choices = name == "state" ? kStates : kSeverities;
            if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
                return parameter_problem(name, fmt::format("'{}' is none of its values", text));
            }
            (name == "state" ? filter.state : filter.severity) = text == "any" ? "" : text;
        } else if (name == "limit") {
            if (auto bad = read_limit(text, kRejectsMax, filter.limit)) {
                return bad;
            }
        }
    }
    return std::nullopt;
}

http::Response list_rejects(App& app, const Call& call) {
    RejectFilter filter;
    if (const auto bad = read_filter(call, app.services().catalog, filter)) {
        return problem(call, *bad);
    }
    JsonArray out;
    const auto done =
        app.services().warehouse.rejects(filter, [&out](const RejectEntry& reject) -> Result<void> {
            out.raw(reject_json(reject));
            return {};
        });
    return done.ok() ? json_response(200, out.str()) : app.failure(call, done.error());
}

// The one with this id; nothing if there is none.
Result<std::optional<RejectEntry>> find_reject(App& app, const std::string& id) {
    std::optional<RejectEntry> found;
    if (id.size() != kIdBytes || id.find_first_not_of("0123456789abcdef") != id.npos) {
        return found;
    }
    RejectFilter filter;
    filter.state.clear();
    filter.severity.clear();
    filter.id_prefix = id;
    filter.limit = 1;
    MUSTER_TRY(
        app.services().warehouse.rejects(filter, [&found](const RejectEntry& one) -> Result<void> {
            found = one;
            return {};
        }));
    return found;
}

http::Response no_such_reject(const Call& call) {
    return problem(call,
                   {404,
                    "reject.not_found",
                    fmt::format("there is no reject '{}'", call.path_values.at("id")),
                    {}});
}

http::Response get_reject(App& app, const Call& call) {
    const auto found = find_reject(app, call.path_values.at("id"));
    if (!found.ok()) {
        return app.failure(call, found.error());
    }
    return found->has_value() ? json_response(200, reject_json(**found)) : no_such_reject(call);
}

http::Response waive_reject(App& app, const Call& call) {
    BodyValues body;
    if (!call.request.body.empty()) {
        if (const auto bad =
                read_body(call.request.body, {{"note", BodyField::Kind::kText, false}}, body)) {
            return problem(call, *bad);
        }
    }
    const auto found = find_reject(app, call.path_values.at("id"));
    if (!found.ok()) {
        return app.failure(call, found.error());
    }
    if (!found->has_value()) {
        return no_such_reject(call);
    }
    const auto done = app.services().warehouse.waive_reject((*found)->id, body.text("note"));
    if (!done.ok()) {
        return app.failure(call, done.error());
    }
    app.audit(call, "reject.waive", (*found)->id.str());
    return json_response(200,
                         JsonObject{}.text("id", (*found)->id.str()).text("state", "waived").str());
}

// The body as a file, since a replay reads it more than once; removed at the end.
class SpooledBody {
  public:
    explicit SpooledBody(const std::filesystem::path& folder) {
        static std::atomic<std::uint64_t> number{0};  // a client may use a request id twice
        path_ = folder / fmt::format("replay-{}.csv", number.fetch_add(1));
    }
    ~SpooledBody() {
        std::error_code ignored;  // a leftover in the temporary folder does no harm
        std::filesystem::remove(path_, ignored);
    }
    Result<void> write(const std::string& body) {
        std::error_code failed;
        std::filesystem::create_directories(path_.parent_path(), failed);
        std::ofstream file{path_, std::ios::binary};
        file << body;
        file.close();
        if (!file) {
            return Error{ErrorCode::kIo, "cannot write " + path_.string(), "make room", ""};
        }
        return {};
    }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

http::Response replay(App& app, const Call& call) {
    const Services& services = app.services();
    SpooledBody file{services.engine.options().temp_dir};
    if (const auto written = file.write(call.request.body); !written.ok()) {
        return app.failure(call, written.error());
    }
    SilentObserver silent;
    const RunContext context{.catalog = services.catalog,
                             .engine = services.engine,
                             .warehouse = services.warehouse,
                             .source = services.source,
                             .clean = services.clean,
                             .clock = services.clock,
                             .threads = services.threads};
    const auto report = replay_rejects(context, file.path(), silent);
    if (!report.ok()) {
        Error error = report.error();
        // Where the body was put is nothing to the client.
        if (const std::size_t at = error.message.find(file.path()); at != error.message.npos) {
            error.message.replace(at, file.path().size(), "body");
        }
        if (error.code == ErrorCode::kBusy) {
            return problem(call, {409, "run.busy", error.message, {}});
        }
        return error.code == ErrorCode::kNotFound
                   ? problem(call, {422, "request.invalid", error.message, {}})
                   : app.failure(call, error);
    }
    if (report->run.error) {
        return app.failure(call, *report->run.error);
    }
    app.audit(call, "rejects.replay", report->run.run.run_id);
    return json_response(200,
                         JsonObject{}
                             .text("run_id", report->run.run.run_id)
                             .number("replayed", report->replayed)
                             .number("refused", report->refused)
                             .number("already_replayed", report->already_replayed)
                             .str());
}

std::vector<RouteParam> filter_params(const Catalog& catalog) {
    const std::string text = R"({"type":"string","pattern":"^[A-Za-z0-9_.-]*$"})";
    return {{"table", "query", enum_schema(catalog.table_names(), ""), "Only of this table."},
            {"code", "query", text, "Only with this reason."},
            {"state", "query", enum_schema(kStates, "open"), "Only in this state."},
            {"severity", "query", enum_schema(kSeverities, "error"), "Only of this severity."},
            {"run", "query", text, "Only of this run."},
            {"limit",
             "query",
             R"({"type":"integer","minimum":1,"maximum":1000,"default":100})",
             "How many at most."}};
}

}  // namespace

void add_reject_routes(const Catalog& catalog, std::vector<Route>& routes) {
    const RouteAnswer missing = problem_answer(404, "There is no such reject.");
    const RouteParam id{
        "id", "path", R"({"type":"string","minLength":1})", "The reject's id.", true};
    routes.push_back({.method = "GET",
                      .pattern = "/rejects",
                      .operation = "list_rejects",
                      .tag = "rejects",
                      .summary = "Refused records with all their reasons.",
                      .params = filter_params(catalog),
                      .answers = {{200, "The rejects.", "Rejects"}},
                      .handler = list_rejects});
    routes.push_back({.method = "GET",
                      .pattern = "/rejects/{id}",
                      .operation = "get_reject",
                      .tag = "rejects",
                      .summary = "One refused record.",
                      .params = {id},
                      .answers = {{200, "The reject.", "Reject"}, missing},
                      .handler = get_reject});
    routes.push_back({.method = "POST",
                      .pattern = "/rejects/replay",
                      .operation = "replay_rejects",
                      .tag = "rejects",
                      .summary = "Loads a mended export (`muster rejects export`).",
                      .access = Access::kWriter,
                      .body = RouteBody{"ExportFile", "text/csv", true, ""},
                      .answers = {{200, "What became of the records.", "Replayed"},
                                  problem_answer(409, "A run is at work.")},
                      .handler = replay});
    routes.push_back(
        {.method = "POST",
         .pattern = "/rejects/{id}/waive",
         .operation = "waive_reject",
         .tag = "rejects",
         .summary = "Settles a reject without loading it.",
         .access = Access::kWriter,
         .params = {id},
         .body =
             RouteBody{
                 "Waive", "application/json", false, R"({"note": "duplicate of another source"})"},
         .answers = {{200, "It is waived.", "Waived"}, missing},
         .handler = waive_reject});
}

}  // namespace muster
