#include "api/backup_service.h"
#include "backup/backup_json.h"
#include "cli/backup_setup.h"
#include "cli/progress.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"

#include <fmt/core.h>

namespace muster {
namespace {

void print_broken(Console& console, const std::vector<BrokenReference>& broken) {
    if (!broken.empty()) {
        console.out_line("references that break:" + describe_broken(broken));
    }
}

void print_restore(Console& console, const RestoreReport& report, bool reload) {
    if (report.changes) {
        console.out_line(
            fmt::format("restoring {} would give table {} {} rows: {} added, {}"
                        " removed, {} changed",
                        report.backup,
                        report.table,
                        report.rows,
                        report.changes->added,
                        report.changes->removed,
                        report.changes->changed));
        print_broken(console, report.broken);
        return;
    }
    console.out_line(
        fmt::format("table {} is restored from {}: {} rows, verified; writers waited"
                    " {:.1f} ms",
                    report.table,
                    report.backup,
                    report.rows,
                    static_cast<double>(report.gate_us) / 1e3));
    console.out_line(fmt::format("what it held before is in {}", report.safety_backup));
    if (!report.objects_since.empty()) {
        console.out_line(reload ? "loaded since the backup, and loaded again by the next run:"
                                : "loaded since the backup, and not in the table any more"
                                  " (--reload has them loaded again):");
        for (const std::string& object : report.objects_since) {
            console.out_line("  " + printable(object));
        }
    }
}

Result<int> run_backup_restore(VerbContext& context) {
    const Arguments& arguments = context.arguments;
    const RestoreOptions options{
        .from = arguments.value_or("from", "parquet") == "avro" ? BackupFormat::kAvro
                                                                : BackupFormat::kParquet,
        .dry_run = arguments.flag("dry-run"),
        .force = arguments.flag("force"),
        .reload = arguments.flag("reload"),
    };
    MUSTER_ASSIGN(BackupSetup setup, BackupSetup::open(context));
    const BackupContext backups = setup.backup_context(context);
    MUSTER_TRY(finish_leftovers(context, backups));
    ProgressMeter meter{context.console, context.clock, false};
    const auto report = restore_backup(backups, arguments.words[0], options, observed_by(meter));
    meter.finish();
    if (!report.ok()) {
        return report.error();
    }
    if (context.console.format() == OutputFormat::kTable) {
        print_restore(context.console, *report, options.reload);
    } else {
        context.console.out_line(restore_json(*report));
    }
    return 0;
}

}  // namespace

VerbSpec backup_restore_verb() {
    return {
        .name = "backup restore",
        .words = "NAME",
        .summary = "brings a table back exactly as it was saved",
        .example = "muster backup restore departments-20261122T101530Z-7f3a --dry-run",
        .options = {{"from", 0, "FORMAT", "which files are read", "", "parquet|avro"},
                    {"dry-run", 0, "", "says what would change, and changes nothing"},
                    {"force", 0, "", "even if references break"},
                    {"reload", 0, "", "the next run loads again what was loaded since"}},
        .words_min = 1,
        .words_max = 1,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_backup_restore,
    };
}

}  // namespace muster
