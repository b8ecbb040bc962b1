// Reports, by their names and by their fixed paths. Answers are kept while no table changes.
#include "api/app.h"
#include "core/limits.h"
#include "present/csv.h"
#include "present/json.h"
#include "present/report_params.h"

#include <fmt/core.h>

#include <chrono>

namespace muster {
namespace {

http::Response list_reports(App& app, const Call& /*call*/) {
    JsonArray reports;
    for (const Report& report : app.services().catalog.reports) {
        JsonArray params;
        for (const ReportParam& param : report.params) {
            JsonObject one;
            one.text("name", param.name).text("type", type_text(param.type));
            if (param.default_value) {
                one.raw("default", json_value(param.type, *param.default_value));
            }
            params.raw(one.str());
        }
        reports.raw(JsonObject{}
                        .text("name", report.name.str())
                        .text("title", report.title)
                        .raw("params", params.str())
                        .str());
    }
    return json_response(200, reports.str());
}

Result<std::string> encode(RowStream& stream, bool csv) {
    std::string body;
    const std::vector<ResultColumn>& columns = stream.columns();
    body += csv ? csv_header(columns) + "\r\n" : "[";
    std::vector<Value> row;
    for (std::size_t rows = 0;; ++rows) {
        MUSTER_ASSIGN(const bool more, stream.next(row));
        if (!more) {
            break;
        }
        if (csv) {
            body += csv_row(columns, row) + "\r\n";
            continue;
        }
        JsonObject record;
        for (std::size_t i = 0; i < row.size(); ++i) {
            record.raw(columns[i].name, json_value(columns[i].type, row[i]));
        }
        body += rows == 0 ? "" : ",";
        body += record.str();
    }
    body += csv ? "" : "]";
    return body;
}

// Report, parameters, format and the bytes themselves: equal bytes have equal tags.
std::string etag_of(const std::string& body, bool csv) {
    return fmt::format("\"{}{}\"", payload_hash(body), csv ? "-csv" : "");
}

// A report that was stopped took too long, unless the server is stopping.
http::Response cut_off(App& app, const Call& call, const Error& error) {
    if (error.code == ErrorCode::kCancelled && !app.stopping().cancelled()) {
        const std::string detail =
            fmt::format("the report took longer than {} s", kReportMsMax / 1000);
        return problem(call, {503, "report.timeout", detail, {}});
    }
    return app.failure(call, error);
}

http::Response run_report(App& app, const Call& call) {
    const Report& report = *call.route.report;
    std::vector<QueryParam> params;
    if (call.route.pinned.empty()) {
        std::map<std::string, std::string> texts;
        for (const auto& [name, value] : call.request.query) {
            texts[name] = value;
        }
        auto bound = bind_report_params(report, texts, "");
        if (!bound.ok()) {
            return app.failure(call, bound.error());
        }
        params = std::move(*bound);
    } else {
        for (const ReportParam& param : report.params) {
            const auto pinned = call.route.pinned.find(param.name);
            const Value value = pinned != call.route.pinned.end()
                                    ? pinned->second
                                    : param.default_value.value_or(Value{});
            params.push_back({param.name, param.type, value});
        }
    }
    const std::uint64_t version = app.services().warehouse.data_version();
    const CancelToken limit{
        &app.stopping(),
        std::chrono::steady_clock::now() + std::chrono::milliseconds{kReportMsMax}};
    auto stream = app.services().warehouse.report(report, params, &limit);
    if (!stream.ok()) {
        return cut_off(app, call, stream.error());
    }
    const bool csv = negotiate(call.request, {"application/json", "text/csv"}) == "text/csv";
    auto body = encode(**stream, csv);
    if (!body.ok()) {
        return cut_off(app, call, body.error());
    }
    const std::string etag = etag_of(*body, csv);
    http::Response response = http::text_response(
        200, csv ? "text/csv; charset=utf-8" : "application/json", std::move(*body));
    response.set("ETag", etag);
    response.set("Cache-Control", "private, no-cache");
    response.set("Vary", "Accept, Authorization");
    app.reports().store(report_cache_key(call.request), {version, response});
    return response;
}

std::string param_schema(const ReportParam& param) {
    JsonObject schema;
    const bool number = param.type.kind == TypeKind::kInt32 || param.type.kind == TypeKind::kInt64;
    schema.text("type", number ? "integer" : "string");
    if (number && param.min) {
        schema.raw("minimum", json_value(param.type, *param.min));
    }
    if (number && param.max) {
        schema.raw("maximum", json_value(param.type, *param.max));
    }
    if (param.default_value) {
        schema.raw("default", json_value(param.type, *param.default_value));
    }
    return schema.str();
}

Route report_route(const Report& report, std::string pattern, std::string operation) {
    return {.method = "GET",
            .pattern = std::move(pattern),
            .operation = std::move(operation),
            .tag = "reports",
            .summary = report.title.empty() ? report.name.str() : report.title,
            .access = Access::kReader,
            .answers = {{200,
                         "The rows.",
                         "report_" + report.name.str(),
                         {"application/json", "text/csv"},
                         {"ETag"}},
                        {304, "The client has this version.", ""}},
            .handler = run_report,
            .report = &report,
            .cached = true};
}

}  // namespace

void add_report_routes(const Catalog& catalog, std::vector<Route>& routes) {
    routes.push_back({.method = "GET",
                      .pattern = "/reports",
                      .operation = "list_reports",
                      .tag = "reports",
                      .summary = "The reports and their parameters.",
                      .access = Access::kReader,
                      .answers = {{200, "The reports.", "Reports"}},
                      .handler = list_reports});
    for (const Report& report : catalog.reports) {
        Route route =
            report_route(report, "/reports/" + report.name.str(), "report_" + report.name.str());
        for (const ReportParam& param : report.params) {
            route.params.push_back({param.name,
                                    "query",
                                    param_schema(param),
                                    type_text(param.type),
                                    !param.default_value.has_value()});
        }
        routes.push_back(std::move(route));
        for (const ReportAlias& alias : report.aliases) {
            Route fixed = report_route(report, alias.path, "report" + alias.path);
            std::replace(fixed.operation.begin(), fixed.operation.end(), '/', '_');
            fixed.pinned = alias.params;
            routes.push_back(std::move(fixed));
        }
    }
}

}  // namespace muster
