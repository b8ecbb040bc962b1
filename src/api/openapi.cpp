#include "api/openapi.h"

#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace muster {
namespace {

std::string reference(const std::string& schema) {
    return fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", schema);
}

std::string header_json(const std::string& description) {
    return JsonObject{}
        .text("description", description)
        .raw("schema", R"({"type":"string"})")
        .str();
}

const std::map<std::string, std::string>& header_texts() {
    static const std::map<std::string, std::string> texts = {
        {"ETag", "Names this version; send it back as If-None-Match."},
        {"Link", "rel=\"next\": the next page."},
        {"X-Total-Count", "All rows, with Prefer: count=exact."},
        {"Location", "Where the result is."},
        {"X-Request-Id", "Names this request in the log."},
        {"RateLimit", "What is left of the allowance."},
        {"RateLimit-Policy", "The allowance."},
        {"Retry-After", "Seconds until another attempt makes sense."},
        {"WWW-Authenticate", "How to authenticate."},
    };
    return texts;
}

std::string answer_json(const RouteAnswer& answer) {
    JsonObject out;
    out.text("description", answer.description);
    JsonObject headers;
    std::vector<std::string> names = {"X-Request-Id"};
    names.insert(names.end(), answer.headers.begin(), answer.headers.end());
    if (answer.status == 429 || answer.status == 503) {
        names.emplace_back("Retry-After");
    }
    if (answer.status == 401) {
        names.emplace_back("WWW-Authenticate");
    }
    for (const std::string& name : names) {
        headers.raw(name, header_json(header_texts().at(name)));
    }
    out.raw("headers", headers.str());
    if (!answer.schema.empty()) {
        JsonObject content;
        for (const std::string& type : answer.types) {
            const bool json = type.ends_with("json") || type == "text/event-stream";
            content.raw(type,
                        JsonObject{}
                            .raw("schema", json ? reference(answer.schema) : R"({"type":"string"})")
                            .str());
        }
        out.raw("content", content.str());
    }
    return out.str();
}

std::string params_json(const Route& route) {
    JsonArray out;
    for (const RouteParam& param : route.params) {
        out.raw(JsonObject{}
                    .text("name", param.name)
                    .text("in", param.in)
                    .text("description", param.description)
                    .flag("required", param.required)
                    .raw("schema", param.schema)
                    .str());
    }
    if (route.idempotent_post) {
        out.raw(
            JsonObject{}
                .text("name", "Idempotency-Key")
                .text("in", "header")
                .text("description",
                      "A request that is sent again with the same key is answered as the first.")
                .flag("required", false)
                .raw("schema", R"({"type":"string","pattern":"^[!-~]{1,255}$","maxLength":255})")
                .str());
    }
    return out.str();
}

std::string body_json(const RouteBody& body) {
    JsonObject media;
    const bool json = body.type.ends_with("json");
    media.raw("schema", json ? reference(body.schema) : R"({"type":"string"})");
    if (json && !body.example.empty()) {
        media.raw("example", body.example);
    }
    return JsonObject{}
        .flag("required", body.required)
        .raw("content", JsonObject{}.raw(body.type, media.str()).str())
        .str();
}

std::string operation_json(const Route& route) {
    JsonObject out;
    out.text("operationId", route.operation)
        .raw("tags", JsonArray{}.raw(json_quote(route.tag)).str())
        .text("summary", route.summary)
        .raw("parameters", params_json(route));
    if (route.body) {
        out.raw("requestBody", body_json(*route.body));
    }
    JsonObject answers;
    for (const RouteAnswer& answer : route.answers) {
        answers.raw(std::to_string(answer.status), answer_json(answer));
    }
    out.raw("responses", answers.str());
    out.raw("security", route.access == Access::kPublic ? "[]" : R"([{"bearer":[]}])");
    if (route.access == Access::kWriter || route.access == Access::kAdmin) {
        out.text("x-role", route.access == Access::kWriter ? "writer" : "admin");
    }
    return out.str();
}

}  // namespace

std::string openapi_json(const Catalog& catalog,
                         const std::vector<Route>& routes,
                         const std::string& version) {
    std::vector<std::string> patterns;
    for (const Route& route : routes) {
        if (std::find(patterns.begin(), patterns.end(), route.pattern) == patterns.end()) {
            patterns.push_back(route.pattern);
        }
    }
    JsonObject paths;
    for (const std::string& pattern : patterns) {
        JsonObject methods;
        for (const Route& route : routes) {
            if (route.pattern == pattern) {
                std::string method = route.method;
                std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) {
                    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
                });
                methods.raw(method, operation_json(route));
            }
        }
        paths.raw(pattern, methods.str());
    }
    const std::string info =
        JsonObject{}
            .text("title", "muster: " + catalog.name)
            .text("version", version)
            .text("description",
                  "Rows, reports, runs and refused records of the catalog. Register, log in, "
                  "authorize with the access token. What stands here does not change within a "
                  "major version.")
            .raw("license", R"({"name":"Apache-2.0","identifier":"Apache-2.0"})")
            .str();
    return JsonObject{}
        .text("openapi", "3.1.0")
        .raw("info", info)
        .raw("servers", R"([{"url":"/"}])")
        .raw("paths", paths.str())
        .raw("components",
             JsonObject{}
                 .raw("schemas", component_schemas(catalog))
                 .raw("securitySchemes",
                      R"({"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}})")
                 .str())
        .str();
}

}  // namespace muster
