#include "cli/rows.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

ResultColumn flag_column(std::string name) { return {std::move(name), {TypeKind::kBool, 0, 0}}; }

void print_steps(Console& console, const std::vector<MigrationStep>& steps) {
    RowPrinter printer{console,
                       {text_column("table"),
                        text_column("step"),
                        flag_column("automatic"),
                        flag_column("reload"),
                        flag_column("possible"),
                        text_column("sql")}};
    for (const MigrationStep& step : steps) {
        printer.add({text_value(step.table),
                     text_value(step.description),
                     Value{step.automatic},
                     Value{step.reload},
                     Value{step.possible},
                     text_or_null(step.sql)});
    }
    printer.finish();
}

Result<int> run_migrate(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    MUSTER_ASSIGN(const auto steps, warehouse->plan_migration(*context.catalog));
    if (!steps.empty() || context.console.format() != OutputFormat::kTable) {
        print_steps(context.console, steps);
    }
    if (steps.empty()) {
        context.console.note("the tables are as the catalog says, nothing to do");
        return 0;
    }
    if (context.arguments.flag("plan")) {
        context.console.note("nothing was changed; apply it with `muster migrate`");
        return 0;
    }
    const auto impossible = std::find_if(
        steps.begin(), steps.end(), [](const MigrationStep& step) { return !step.possible; });
    if (impossible != steps.end()) {
        return Error{
            ErrorCode::kConflict,
            fmt::format(
                "table {}: {}; nothing was changed", impossible->table, impossible->description)};
    }
    MUSTER_TRY(warehouse->migrate(*context.catalog, true));
    const bool reload = std::any_of(
        steps.begin(), steps.end(), [](const MigrationStep& step) { return step.reload; });
    context.console.note(reload ? "applied; `muster run` loads the changed tables' files again"
                                : "applied");
    return 0;
}

}  // namespace

VerbSpec migrate_verb() {
    return {
        .name = "migrate",
        .summary = "applies a change of the catalog to the tables",
        .example = "muster migrate --plan",
        .options = {{"plan", 0, "", "only says what would be done"}},
        .needs_catalog = true,
        .needs_database = always,
        .run = run_migrate,
    };
}

}  // namespace muster
