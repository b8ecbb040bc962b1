#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

namespace muster {
namespace {

struct Feature {
    std::string_view name;
    std::string_view value;
};

constexpr Feature kFeatures[] = {
    {"warehouses", "duckdb"},
    {"sources", "folder"},
    {"compression", "gzip, zstd"},
    {"output", "table, csv, json"},
};

Result<int> run_version(VerbContext& context) {
    Console& console = context.console;
    const bool features = context.arguments.flag("features");
    if (console.json()) {
        JsonObject out;
        out.text("version", MUSTER_VERSION);
        if (features) {
            for (const Feature& feature : kFeatures) {
                out.text(feature.name, feature.value);
            }
        }
        console.out_line(out.str());
        return 0;
    }
    console.out_line("muster " MUSTER_VERSION);
    if (features) {
        for (const Feature& feature : kFeatures) {
            console.out_line(fmt::format("{}: {}", feature.name, feature.value));
        }
    }
    return 0;
}

}  // namespace

VerbSpec version_verb() {
    return {
        .name = "version",
        .summary = "prints the version",
        .example = "muster version --features",
        .options = {{"features", 0, "", "also what this program was built with"}},
        .run = run_version,
    };
}

}  // namespace muster
