#include "api/insomnia.h"

#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>

namespace muster {
namespace {

// Ids that stay the same as long as the operation does.
std::string id_of(std::string_view kind, std::string_view name) {
    const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
    return fmt::format("{}_{:016x}{:016x}", kind, hash.high64, hash.low64);
}

// Text of a JSON string is a YAML string too.
std::string yaml_text(const std::string& text) { return json_quote(text); }

// {id} in the pattern becomes a variable of the request's own; required ones get an example.
std::string url_of(const Route& route) {
    std::string url = "{{ _.base_url }}" + route.pattern;
    for (std::size_t at = url.find('{', 14); at != std::string::npos; at = url.find('{', at + 1)) {
        const std::size_t end = url.find('}', at);
        if (end == std::string::npos || url.compare(at, 2, "{{") == 0) {
            break;
        }
        url.replace(at, end - at + 1, "1");
    }
    return url;
}

constexpr std::string_view kKeepTokens =
    "const body = insomnia.response.json();\n"
    "insomnia.environment.set('access_token', body.access_token);\n"
    "insomnia.environment.set('refresh_token', body.refresh_token);";

void add_request(const Route& route, std::size_t order, std::string& out) {
    out += fmt::format("  - url: {}\n", yaml_text(url_of(route)));
    out += fmt::format("    name: {}\n", yaml_text(route.summary));
    out += fmt::format(
        "    meta:\n      id: {}\n      sortKey: {}\n", id_of("req", route.operation), order);
    out += fmt::format("    method: {}\n", route.method);
    if (route.body) {
        std::string text = route.body->example;
        if (route.operation == "login" || route.operation == "register") {
            text = R"({"username": "{{ _.username }}", "password": "{{ _.password }}"})";
        } else if (route.operation == "refresh") {
            text = R"({"refresh_token": "{{ _.refresh_token }}"})";
        }
        out += fmt::format(
            "    body:\n      mimeType: {}\n      text: {}\n", route.body->type, yaml_text(text));
        out += fmt::format("    headers:\n      - name: Content-Type\n        value: {}\n",
                           route.body->type);
    }
    bool first = true;
    for (const RouteParam& param : route.params) {
        if (param.in != "query") {
            continue;
        }
        out += first ? "    parameters:\n" : "";
        out += fmt::format("      - name: {}\n        value: \"\"\n        disabled: true\n",
                           yaml_text(param.name));
        first = false;
    }
    if (route.access != Access::kPublic) {
        out +=
            "    authentication:\n      type: bearer\n"
            "      token: \"{{ _.access_token }}\"\n";
    }
    if (route.operation == "login" || route.operation == "refresh") {
        out += fmt::format("    scripts:\n      afterResponse: {}\n",
                           yaml_text(std::string{kKeepTokens}));
    }
}

// Logging out comes last, so that the collection can be run from top to bottom.
int rank(const Route& route) {
    static const std::vector<std::string> first = {"register", "login"};
    const auto at = std::find(first.begin(), first.end(), route.operation);
    if (at != first.end()) {
        return static_cast<int>(at - first.begin());
    }
    return route.operation == "logout" ? 1000 : 100;
}

}  // namespace

std::string insomnia_yaml(const Catalog& catalog,
                          const std::vector<Route>& routes,
                          const std::string& base_url) {
    std::vector<const Route*> ordered;
    for (const Route& route : routes) {
        if (!route.pattern.starts_with("/swagger-ui")) {
            ordered.push_back(&route);
        }
    }
    std::stable_sort(ordered.begin(), ordered.end(), [](const Route* left, const Route* right) {
        return rank(*left) < rank(*right);
    });
    std::string out = "type: collection.insomnia.rest/5.0\n";
    out += fmt::format("name: {}\n", yaml_text("muster: " + catalog.name));
    out += fmt::format("meta:\n  id: {}\n", id_of("wrk", catalog.name));
    out += "collection:\n";
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        add_request(*ordered[i], i, out);
    }
    out += fmt::format(
        "environments:\n  name: Base Environment\n  meta:\n    id: {}\n  data:\n"
        "    base_url: {}\n    username: ada\n    password: correct horse battery\n"
        "    access_token: \"\"\n    refresh_token: \"\"\n",
        id_of("env", catalog.name),
        yaml_text(base_url));
    out += fmt::format("cookieJar:\n  name: Default Jar\n  meta:\n    id: {}\n",
                       id_of("jar", catalog.name));
    return out;
}

}  // namespace muster
