// The documents that are generated from the routes of the API: openapi and insomnia.
#include "api/openapi.h"

#include "api/insomnia.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

namespace muster {
namespace {

Result<int> run_openapi(VerbContext& context) {
    const auto routes = build_routes(*context.catalog);
    context.console.out_line(openapi_json(*context.catalog, routes, MUSTER_VERSION));
    return 0;
}

Result<int> run_insomnia(VerbContext& context) {
    const auto routes = build_routes(*context.catalog);
    context.console.out(
        insomnia_yaml(*context.catalog,
                      routes,
                      context.arguments.value_or("url", "http://" + context.catalog->api.listen)));
    return 0;
}

}  // namespace

VerbSpec openapi_verb() {
    return {
        .name = "openapi",
        .words = "",
        .summary = "prints the OpenAPI 3.1 document of the REST API",
        .example = "muster openapi > openapi.json",
        .needs_catalog = true,
        .run = run_openapi,
    };
}

VerbSpec insomnia_verb() {
    return {
        .name = "insomnia",
        .words = "",
        .summary = "prints an Insomnia collection of the REST API",
        .example = "muster insomnia > insomnia.yaml",
        .options = {{"url", 0, "URL", "where the server answers"}},
        .needs_catalog = true,
        .run = run_insomnia,
    };
}

}  // namespace muster
