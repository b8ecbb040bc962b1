#include "cli/rows.h"
#include "cli/store_checks.h"
#include "cli/stores.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"
#include "engine/engine.h"
#include "present/json.h"
#include "storage/object_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <sys/statvfs.h>
#include <utility>

namespace muster {
namespace {

constexpr std::uint64_t kDiskFreeBytesMin = 512U << 20;
constexpr std::uint64_t kMemoryBytesMin = 256U << 20;
constexpr std::int64_t kMicrosecondsPerSecond = 1000000;
// 2024-01-01 and 2100-01-01: outside of them the machine's clock was never set.
constexpr std::int64_t kClockMinUs = 1704067200 * kMicrosecondsPerSecond;
constexpr std::int64_t kClockMaxUs = 4102444800 * kMicrosecondsPerSecond;

using Findings = std::vector<Finding>;

void check_catalog(const VerbContext& context, Findings& findings) {
    if (context.catalog == nullptr) {
        findings.push_back({"catalog",
                            "fail",
                            problems_error(context.catalog_problems).message,
                            "mend the file, then `muster config check`"});
        return;
    }
    findings.push_back({"catalog",
                        "ok",
                        fmt::format("{} ({}): {} tables, {} reports",
                                    context.catalog->name,
                                    context.catalog->origin,
                                    context.catalog->tables.size(),
                                    context.catalog->reports.size()),
                        ""});
}

void check_data_dir(const VerbContext& context, Findings& findings) {
    const std::string& folder = context.catalog->data_dir;
    if (context.database_error) {
        findings.push_back({"data directory",
                            "fail",
                            context.database_error->message,
                            context.database_error->hint.empty() ? "choose another with --data-dir"
                                                                 : context.database_error->hint});
        return;
    }
    findings.push_back({"data directory", "ok", folder + " is writable", ""});
}

void check_disk(const VerbContext& context, Findings& findings) {
    struct statvfs facts {};
    if (::statvfs(context.catalog->data_dir.c_str(), &facts) != 0) {
        return;
    }
    const std::uint64_t free_bytes = std::uint64_t{facts.f_bavail} * facts.f_frsize;
    const bool enough = free_bytes >= kDiskFreeBytesMin;
    findings.push_back({"disk",
                        enough ? "ok" : "fail",
                        human_bytes(free_bytes) + " free for the data directory",
                        enough ? "" : "free some space, or move it with --data-dir"});
}

void check_source(const VerbContext& context, Findings& findings) {
    const Catalog& catalog = *context.catalog;
    const auto store = open_verb_store(context, catalog.source_url);
    for (const Table& table : catalog.tables) {
        const std::string check = "source of " + table.name.str();
        const auto objects = store.ok() ? (*store)->list(table.files) : store.error();
        if (!objects.ok()) {
            findings.push_back({"source",
                                "fail",
                                objects.error().message,
                                objects.error().hint.empty()
                                    ? "set [source] url or --source to the folder of the CSV files"
                                    : objects.error().hint});
            return;
        }
        std::uint64_t bytes = 0;
        std::string unreadable;
        for (const ObjectInfo& object : *objects) {
            bytes += object.bytes;
            if (const auto reader = (*store)->open(object.key);
                !reader.ok() && unreadable.empty()) {
                unreadable = reader.error().message;
            }
        }
        if (!unreadable.empty()) {
            findings.push_back({check, "fail", unreadable, "make the file readable for this user"});
        } else if (objects->empty()) {
            findings.push_back({check,
                                "warn",
                                fmt::format("no file matches {}", table.files),
                                "put the files there, or change `files` of the table"});
        } else {
            findings.push_back(
                {check,
                 "ok",
                 fmt::format(
                     "{} file(s) match {}, {}", objects->size(), table.files, human_bytes(bytes)),
                 ""});
        }
    }
}

// Stores that are no local folder, each by what is done there.
void check_remote_stores(const VerbContext& context, Findings& findings) {
    const Catalog& catalog = *context.catalog;
    struct Use {
        const char* what;
        const std::string& url;
        bool writes;
    };
    for (const Use& use : {Use{"source", catalog.source_url, false},
                           Use{"clean", catalog.clean_url, true},
                           Use{"backups", catalog.backups_url, true}}) {
        if (!is_remote_url(use.url)) {
            continue;
        }
        const auto store = open_verb_store(context, use.url);
        if (!store.ok()) {
            findings.push_back({use.what, "fail", store.error().message, store.error().hint});
            continue;
        }
        for (Finding& done : check_store(**store, use.what, use.writes)) {
            findings.push_back(std::move(done));
        }
    }
}

void check_schema(const VerbContext& context, Warehouse& warehouse, Findings& findings) {
    const auto steps = warehouse.plan_migration(*context.catalog);
    if (!steps.ok()) {
        findings.push_back({"schema", "fail", steps.error().message, steps.error().hint});
        return;
    }
    const bool by_itself = std::all_of(
        steps->begin(), steps->end(), [](const MigrationStep& step) { return step.automatic; });
    if (steps->empty()) {
        findings.push_back({"schema", "ok", "the tables are as the catalog says", ""});
    } else if (by_itself) {
        findings.push_back({"schema",
                            "ok",
                            fmt::format("{} step(s) that the next run takes by itself, first: {}",
                                        steps->size(),
                                        steps->front().description),
                            ""});
    } else {
        findings.push_back(
            {"schema",
             "fail",
             fmt::format(
                 "{} step(s) to take, first: {}", steps->size(), steps->front().description),
             "`muster migrate --plan`, then `muster migrate`"});
    }
}

// False if something is wrong that keeps muster from working there.
bool check_servers(const VerbContext& context, Findings& findings) {
    const Catalog& catalog = *context.catalog;
    const WarehouseOptions options = warehouse_options(catalog, store_options(context));
    const CancelToken* cancel = &context.cancel;
    bool good = true;
    for (auto& checks : {check_redshift(options, context.clock, cancel),
                         check_postgres(catalog.warehouse_url, "warehouse", context.clock, cancel),
                         check_postgres(catalog.state_url, "state", context.clock, cancel)}) {
        for (const Finding& done : checks) {
            good = good && done.status != "fail";
            findings.push_back(done);
        }
    }
    return good;
}

void check_warehouse(const VerbContext& context, Findings& findings) {
    if (context.database == nullptr) {
        return;
    }
    if (!check_servers(context, findings)) {
        return;  // the schema would fail of the same cause
    }
    const auto warehouse = context.database->warehouse();
    if (!warehouse.ok()) {
        const Error& error = warehouse.error();
        findings.push_back({"warehouse",
                            "fail",
                            error.message,
                            error.hint.empty() ? "check [warehouse] url" : error.hint});
        return;
    }
    findings.push_back({"warehouse", "ok", mask_secrets(context.catalog->warehouse_url), ""});
    check_schema(context, **warehouse, findings);
}

void check_clock(const VerbContext& context, Findings& findings) {
    const std::int64_t now_us = context.clock.now_us();
    std::int64_t last_run_us = 0;
    if (context.database != nullptr) {
        if (const auto warehouse = context.database->warehouse(); warehouse.ok()) {
            const auto runs = (*warehouse)->runs(1);
            last_run_us = runs.ok() && !runs->empty() ? runs->front().started_at_us : 0;
        }
    }
    const bool plausible = now_us > kClockMinUs && now_us < kClockMaxUs && now_us >= last_run_us;
    findings.push_back(
        {"clock",
         plausible ? "ok" : "fail",
         format_timestamp_us(now_us / kMicrosecondsPerSecond * kMicrosecondsPerSecond),
         plausible              ? ""
         : now_us < last_run_us ? "the last run began later than now; set the clock (NTP)"
                                : "set the machine's clock (NTP)"});
}

void check_machine(const VerbContext& context, Findings& findings) {
    const std::uint64_t memory = context.settings.memory_limit_bytes != 0
                                     ? context.settings.memory_limit_bytes
                                     : machine_memory_bytes();
    const std::size_t threads =
        context.settings.threads != 0 ? context.settings.threads : machine_threads();
    const bool enough = memory >= kMemoryBytesMin && memory <= machine_memory_bytes();
    findings.push_back(
        {"machine",
         enough ? "ok" : "fail",
         fmt::format("{} of memory, {} thread(s)", human_bytes(memory), threads),
         enough ? "" : "set --memory-limit between 256MiB and what the machine has"});
}

void print_findings(Console& console, const Findings& findings) {
    if (console.format() != OutputFormat::kTable) {
        RowPrinter printer{console,
                           {text_column("check"),
                            text_column("status"),
                            text_column("message"),
                            text_column("remedy")}};
        for (const Finding& finding : findings) {
            printer.add({text_value(finding.check),
                         text_value(finding.status),
                         text_value(finding.message),
                         text_or_null(finding.remedy)});
        }
        printer.finish();
        return;
    }
    for (const Finding& finding : findings) {
        console.out_line(fmt::format("{:<5} {:<26} {}{}{}",
                                     finding.status,
                                     finding.check,
                                     printable(finding.message),
                                     finding.remedy.empty() ? "" : " -> ",
                                     finding.remedy));
    }
}

Result<int> run_doctor(VerbContext& context) {
    Findings findings;
    check_catalog(context, findings);
    if (context.catalog != nullptr) {
        check_data_dir(context, findings);
        check_disk(context, findings);
        check_source(context, findings);
        check_remote_stores(context, findings);
        check_warehouse(context, findings);
    }
    check_clock(context, findings);
    check_machine(context, findings);
    print_findings(context.console, findings);
    const bool failed = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.status == "fail";
    });
    return failed ? 1 : 0;
}

}  // namespace

VerbSpec doctor_verb() {
    return {
        .name = "doctor",
        .summary = "checks configuration, permissions, connections, disk and clock",
        .example = "muster doctor",
        .needs_catalog = true,
        .tolerates_faults = true,
        .needs_database = always,
        .run = run_doctor,
    };
}

}  // namespace muster
