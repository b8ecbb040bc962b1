// Saved tables: make, list, restore. GET and POST do the same, as the public contract has it.
#include "api/app.h"
#include "backup/backup_json.h"
#include "core/json_writer.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::string_view kBackupMade = "Backup created successfully.";
constexpr std::string_view kDryRun = "Nothing was changed.";
constexpr std::string_view kRestored = "Table restored successfully.";
const std::vector<std::string> kFormats = {"parquet,avro", "parquet"};
const std::vector<std::string> kFrom = {"parquet", "avro"};
const std::vector<std::string> kFlags = {"false", "true"};

// One of `choices`; the first if the parameter is not there. Nothing if it is something else.
std::optional<std::string> choice(const Call& call,
                                  const std::string& name,
                                  const std::vector<std::string>& choices) {
    const std::string* text = call.request.parameter(name);
    if (text == nullptr) {
        return choices.front();
    }
    const bool known = std::find(choices.begin(), choices.end(), *text) != choices.end();
    return known ? std::optional{*text} : std::nullopt;
}

http::Response bad_choice(const Call& call,
                          const std::string& name,
                          const std::vector<std::string>& choices) {
    std::string offered;
    for (const std::string& one : choices) {
        offered += (offered.empty() ? "" : " or ") + one;
    }
    return problem(call, parameter_problem(name, "it is " + offered));
}

http::Response refused(App& app, const Call& call, const Error& error) {
    switch (error.code) {
        case ErrorCode::kBusy:
            return problem(call, {409, "backup.busy", error.message, {}});
        case ErrorCode::kNotFound:
            return problem(call, {404, "backup.not_found", error.message, {}});
        case ErrorCode::kConflict:
            return problem(call, {409, "backup.conflict", error.message + "; " + error.hint, {}});
        case ErrorCode::kVerification:
            return problem(call, {422, "backup.damaged", error.message, {}});
        case ErrorCode::kUsage:
        case ErrorCode::kUnavailable:
        case ErrorCode::kIo:
        case ErrorCode::kLimit:
        case ErrorCode::kAuthentication:
        case ErrorCode::kCancelled:
        case ErrorCode::kInternal:
            break;
    }
    return app.failure(call, error);
}

// 202: the work goes on as a run of this id.
http::Response started(const Call& call, const Result<RunManager::Started>& job, App& app) {
    if (!job.ok()) {
        return refused(app, call, job.error());
    }
    http::Response response = json_response(
        202, JsonObject{}.text("run_id", job->run_id).text("status", "running").str());
    response.set("Location", "/runs/" + job->run_id);
    response.set("Preference-Applied", "respond-async");
    return response;
}

http::Response make_backup(App& app, const Call& call) {
    const auto formats = choice(call, "formats", kFormats);
    if (!formats) {
        return bad_choice(call, "formats", kFormats);
    }
    const Table& table = *call.route.table;
    BackupOptions options{.avro = *formats != "parquet", .trigger = "api"};
    if (prefers(call.request, "respond-async")) {
        const auto job = app.backups().start_create(table, options);
        if (job.ok()) {
            app.audit(call, "backup.start", job->run_id);
        }
        return started(call, job, app);
    }
    const auto made = app.backups().create(table, options);
    if (!made.ok()) {
        return refused(app, call, made.error());
    }
    app.audit(call, "backup.create", made->name);
    return json_response(
        200, JsonObject{}.text("message", kBackupMade).members(backup_json(*made)).str());
}

http::Response list_table_backups(App& app, const Call& call) {
    const auto entries = list_backups(app.backups().context(), call.route.table->name.str());
    if (!entries.ok()) {
        return app.failure(call, entries.error());
    }
    JsonArray out;
    for (const BackupEntry& entry : *entries) {
        out.raw(backup_entry_json(entry));
    }
    return json_response(200, out.str());
}

http::Response restore_table(App& app, const Call& call) {
    for (const std::string name : {"dry_run", "force", "reload"}) {
        if (!choice(call, name, kFlags)) {
            return bad_choice(call, name, kFlags);
        }
    }
    const auto from = choice(call, "from", kFrom);
    if (!from) {
        return bad_choice(call, "from", kFrom);
    }
    const std::string& name = call.path_values.at("backup_name");
    const auto parsed = parse_backup_name(name);
    if (!parsed.ok() || parsed->table != call.route.table->name.str()) {
        const std::string detail = fmt::format(
            "table {} has no backup '{}'", call.route.table->name.str(), printable(name));
        return problem(call, {404, "backup.not_found", detail, {}});
    }
    RestoreOptions options{
        .from = *from == "avro" ? BackupFormat::kAvro : BackupFormat::kParquet,
        .dry_run = *choice(call, "dry_run", kFlags) == "true",
        .force = *choice(call, "force", kFlags) == "true",
        .reload = *choice(call, "reload", kFlags) == "true",
        .trigger = "api",
    };
    if (prefers(call.request, "respond-async")) {
        const auto job = app.backups().start_restore(name, options);
        if (job.ok()) {
            app.audit(call, "restore.start", name);
        }
        return started(call, job, app);
    }
    const auto report = app.backups().restore(name, options);
    if (!report.ok()) {
        return refused(app, call, report.error());
    }
    if (!options.dry_run) {
        app.audit(call, "backup.restore", name);
    }
    return json_response(200,
                         JsonObject{}
                             .text("message", options.dry_run ? kDryRun : kRestored)
                             .members(restore_json(*report))
                             .str());
}

RouteParam choice_param(std::string name,
                        const std::vector<std::string>& choices,
                        std::string description) {
    return {std::move(name),
            "query",
            JsonObject{}
                .text("type", "string")
                .raw("enum", json_texts(choices))
                .text("default", choices.front())
                .str(),
            std::move(description)};
}

RouteParam async_param() {
    return {"Prefer",
            "header",
            R"({"type":"string"})",
            "respond-async answers at once; the work is a run that can be followed."};
}

Route backup_route(const Table& table, const std::string& method) {
    return {
        .method = method,
        .pattern = "/" + table.path + "/backup",
        .operation = (method == "GET" ? "get_backup_" : "backup_") + table.name.str(),
        .tag = table.name.str(),
        .summary = "Saves the table, reads it back and compares.",
        .access = Access::kWriter,
        .params = {choice_param("formats", kFormats, "Parquet is always written."), async_param()},
        .answers = {{200, "The backup is there, verified.", "Backup"},
                    {202, "It is being made.", "Started", {"application/json"}, {"Location"}},
                    problem_answer(409, "A backup of the table is being made.")},
        .handler = make_backup,
        .table = &table,
        .changes = true,
        .idempotent_post = method == "POST"};
}

Route restore_route(const Table& table, const std::string& method) {
    return {
        .method = method,
        .pattern = "/" + table.path + "/restore/{backup_name}",
        .operation = (method == "GET" ? "get_restore_" : "restore_") + table.name.str(),
        .tag = table.name.str(),
        .summary = "Brings the table back exactly as it was saved.",
        .access = Access::kWriter,
        .params = {{"backup_name", "path", R"({"type":"string","minLength":1})", "Which.", true},
                   choice_param("from", kFrom, "Which files are read."),
                   choice_param("dry_run", kFlags, "Says what would change; nothing does."),
                   choice_param("force", kFlags, "Even if references break."),
                   choice_param("reload", kFlags, "The next run loads what came since again."),
                   async_param()},
        .answers = {{200, "The table is restored.", "Restored"},
                    {202, "It is being restored.", "Started", {"application/json"}, {"Location"}},
                    problem_answer(404, "There is no such backup."),
                    problem_answer(
                        409, "It does not fit the table, references break, or a run is at work."),
                    problem_answer(422, "It does not verify, or a parameter is wrong.")},
        .handler = restore_table,
        .table = &table,
        .changes = true,
        .idempotent_post = method == "POST"};
}

}  // namespace

void add_backup_routes(const Catalog& catalog, std::vector<Route>& routes) {
    for (const Table& table : catalog.tables) {
        for (const std::string method : {"POST", "GET"}) {
            routes.push_back(backup_route(table, method));
            routes.push_back(restore_route(table, method));
        }
        routes.push_back({.method = "GET",
                          .pattern = "/" + table.path + "/backups",
                          .operation = "list_backups_" + table.name.str(),
                          .tag = table.name.str(),
                          .summary = "The backups of the table, newest first.",
                          .answers = {{200, "The backups.", "Backups"}},
                          .handler = list_table_backups,
                          .table = &table});
    }
}

}  // namespace muster
