#include "cli/rows.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "engine/engine.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

std::vector<Setting> effective_settings(const VerbContext& context) {
    const Catalog& catalog = *context.catalog;
    const std::string file = catalog.origin;
    const auto below_data_dir = [&catalog, &file](const std::string& url, std::string_view prefix) {
        return url.starts_with(std::string{prefix} + catalog.data_dir) ? std::string{"default"}
                                                                       : file;
    };
    std::vector<Setting> settings = {
        {"config",
         context.settings.config ? context.settings.config->string() : catalog.origin,
         "default"},
        {"name", catalog.name, file},
        {"data_dir", catalog.data_dir, file},
        {"source", catalog.source_url, file},
        {"clean", catalog.clean_url, below_data_dir(catalog.clean_url, "")},
        {"backups", catalog.backups_url, below_data_dir(catalog.backups_url, "")},
        {"warehouse", catalog.warehouse_url, below_data_dir(catalog.warehouse_url, "duckdb:")},
        {"retention.runs_days", std::to_string(catalog.retention.runs_days), file},
        {"retention.rejects_days", std::to_string(catalog.retention.rejects_days), file},
        {"retention.clean_runs", std::to_string(catalog.retention.clean_runs), file},
        {"threads", std::to_string(machine_threads()), "default"},
        {"memory_limit", "75% of " + std::to_string(machine_memory_bytes()), "default"},
        {"output", "table", "default"},
    };
    for (Setting& setting : settings) {
        for (const Setting& given : context.settings.given) {
            if (given.name == setting.name) {
                setting = given;
            }
        }
        setting.value = mask_secrets(setting.value);
    }
    return settings;
}

Result<int> run_config_show(VerbContext& context) {
    RowPrinter printer{context.console,
                       {text_column("name"), text_column("value"), text_column("origin")}};
    for (const Setting& setting : effective_settings(context)) {
        printer.add(
            {text_value(setting.name), text_value(setting.value), text_value(setting.origin)});
    }
    printer.finish();
    return 0;
}

Result<int> run_config_check(VerbContext& context) {
    Console& console = context.console;
    if (console.json()) {
        JsonArray problems;
        for (const CatalogProblem& problem : context.catalog_problems) {
            problems.raw(JsonObject{}
                             .text("file", problem.file)
                             .number("line", problem.line)
                             .number("column", problem.column)
                             .text("message", problem.message)
                             .str());
        }
        console.out_line(JsonObject{}
                             .flag("ok", context.catalog != nullptr)
                             .raw("problems", problems.str())
                             .str());
        return context.catalog != nullptr ? 0 : exit_code(ErrorCode::kUsage);
    }
    if (context.catalog == nullptr) {
        return problems_error(context.catalog_problems);
    }
    const Catalog& catalog = *context.catalog;
    console.out_line(fmt::format("{}: ok, {} table(s), {} report(s)",
                                 catalog.origin,
                                 catalog.tables.size(),
                                 catalog.reports.size()));
    return 0;
}

}  // namespace

VerbSpec config_show_verb() {
    return {
        .name = "config show",
        .summary = "the effective settings and where each came from",
        .example = "muster config show --source /data/in",
        .needs_catalog = true,
        .run = run_config_show,
    };
}

VerbSpec config_check_verb() {
    return {
        .name = "config check",
        .summary = "looks for mistakes in muster.toml and its reports",
        .example = "muster config check --config shop/muster.toml",
        .needs_catalog = true,
        .tolerates_faults = true,
        .run = run_config_check,
    };
}

}  // namespace muster
