#include "cli/reject_filter.h"
#include "cli/run_setup.h"
#include "cli/stores.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

#include <cstring>
#include <functional>
#include <set>

namespace muster {
namespace {

using Write = std::function<Result<void>(std::string_view)>;

// Writes one table's rejects; returns the records.
Result<std::int64_t> export_table(VerbContext& context,
                                  RunSetup& setup,
                                  const RejectFilter& filter,
                                  const Write& write) {
    if (context.arguments.value_or("format", "csv") == "csv") {
        return export_rejects_csv(setup.run_context(context), filter, write);
    }
    std::int64_t records = 0;
    MUSTER_TRY(setup.warehouse->rejects(filter, [&](const RejectEntry& reject) -> Result<void> {
        ++records;
        return write(reject_json(reject) + "\n");
    }));
    return records;
}

// A file that appears under its name only when it is complete.
Result<std::int64_t> export_to_file(VerbContext& context,
                                    RunSetup& setup,
                                    const RejectFilter& filter,
                                    const std::string& url) {
    const ObjectLocation where = split_object_url(url);
    if (where.key.empty()) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} names no object", url),
                     "give the object's name as well: s3://BUCKET/PREFIX/mend.csv"};
    }
    MUSTER_ASSIGN(auto store, open_verb_store(context, where.store_url));
    MUSTER_ASSIGN(auto writer, store->create(where.key));
    MUSTER_ASSIGN(const std::int64_t records,
                  export_table(context, setup, filter, [&writer](std::string_view text) {
                      return writer->write(text);
                  }));
    MUSTER_TRY(writer->commit());
    context.console.note(fmt::format("{}: {} record(s)", url, records));
    return records;
}

Result<std::set<std::string>> tables_with_rejects(Warehouse& warehouse,
                                                  const RejectFilter& filter) {
    std::set<std::string> tables;
    MUSTER_TRY(warehouse.rejects(filter, [&tables](const RejectEntry& reject) -> Result<void> {
        tables.insert(reject.table);
        return {};
    }));
    return tables;
}

Result<int> run_rejects_export(VerbContext& context) {
    MUSTER_ASSIGN(RejectFilter filter, reject_filter(context));
    MUSTER_ASSIGN(RunSetup setup, RunSetup::open(context));
    const std::string format = context.arguments.value_or("format", "csv");
    std::set<std::string> tables = {filter.table};
    if (filter.table.empty()) {
        MUSTER_ASSIGN(tables, tables_with_rejects(*setup.warehouse, filter));
    }
    if (tables.empty()) {
        context.console.note("no reject matches, nothing was written");
        return 0;
    }
    if (const auto folder = context.arguments.value("dir")) {
        for (const std::string& table : tables) {
            filter.table = table;
            const bool slash = folder->ends_with('/');
            const std::string url = object_url(
                context, fmt::format("{}{}{}.{}", *folder, slash ? "" : "/", table, format));
            MUSTER_TRY([&]() -> Result<void> {
                MUSTER_ASSIGN([[maybe_unused]] const auto records,
                              export_to_file(context, setup, filter, url));
                return {};
            }());
        }
        return 0;
    }
    if (format == "csv" && tables.size() > 1) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} tables have rejects, and a CSV file holds one", tables.size()),
                     "name one with --table TABLE, or write a file for each with --dir DIR"};
    }
    if (format == "csv") {
        filter.table = *tables.begin();
    }
    if (const auto file = context.arguments.value("out")) {
        MUSTER_ASSIGN([[maybe_unused]] const auto records,
                      export_to_file(context, setup, filter, object_url(context, *file)));
        return 0;
    }
    MUSTER_ASSIGN([[maybe_unused]] const auto records,
                  export_table(context, setup, filter, [&context](std::string_view text) {
                      context.console.out(text);
                      return Result<void>{};
                  }));
    return 0;
}

}  // namespace

VerbSpec rejects_export_verb() {
    std::vector<OptionSpec> options = {
        {"format", 0, "FORMAT", "csv (to mend and replay) or jsonl", "", "csv|jsonl"},
        {"out", 0, "FILE", "writes to a file instead of standard output"},
        {"dir", 0, "DIR", "writes a file per table, TABLE.csv or TABLE.jsonl"},
    };
    for (const OptionSpec& option : reject_filter_options(false)) {
        options.push_back(option);
    }
    return {
        .name = "rejects export",
        .summary = "writes refused records so that they can be mended",
        .example = "muster rejects export --table hired_employees --out mend.csv",
        .options = std::move(options),
        .needs_catalog = true,
        .needs_database = always,
        .run = run_rejects_export,
    };
}

}  // namespace muster
