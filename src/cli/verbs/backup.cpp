// Saved tables from the command line: made, listed, verified and expired. Restoring stands apart.
#include "api/backup_service.h"
#include "backup/backup_json.h"
#include "cli/backup_setup.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/select.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

void print_backups(Console& console, const std::vector<BackupEntry>& entries) {
    RowPrinter printer{console,
                       {text_column("backup_name"),
                        text_column("reason"),
                        text_column("created_at"),
                        number_column("rows"),
                        number_column("bytes"),
                        text_column("formats"),
                        text_column("problem")}};
    for (const BackupEntry& entry : entries) {
        if (!entry.manifest) {
            printer.add({text_value(entry.name.str()),
                         Value{},
                         Value{},
                         Value{},
                         Value{},
                         Value{},
                         text_value(entry.problem)});
            continue;
        }
        const BackupManifest& manifest = *entry.manifest;
        printer.add({text_value(manifest.name),
                     text_value(manifest.reason),
                     text_value(manifest.created_at),
                     number_value(static_cast<std::int64_t>(manifest.content.rows)),
                     number_value(static_cast<std::int64_t>(manifest.bytes())),
                     text_value(manifest.has(BackupFormat::kAvro) ? "parquet,avro" : "parquet"),
                     Value{}});
    }
    printer.finish();
}

void print_entries(Console& console, const std::vector<BackupEntry>& entries) {
    if (!console.json()) {
        print_backups(console, entries);
        return;
    }
    std::string separator = "[\n";
    for (const BackupEntry& entry : entries) {
        console.out(separator + backup_entry_json(entry));
        separator = ",\n";
    }
    console.out(entries.empty() ? "[]\n" : "\n]\n");
}

Result<bool> wants_avro(const VerbContext& context) {
    const std::string formats = context.arguments.value_or("formats", "parquet,avro");
    if (formats == "parquet,avro" || formats == "avro,parquet") {
        return true;
    }
    if (formats == "parquet") {
        return false;
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("option --formats: '{}'", printable(formats)),
                 "parquet, or parquet,avro: Parquet is always written",
                 ""};
}

Result<int> run_backup_create(VerbContext& context) {
    MUSTER_ASSIGN(const bool avro, wants_avro(context));
    MUSTER_ASSIGN(const auto tables, select_tables(*context.catalog, context.arguments.words));
    MUSTER_ASSIGN(BackupSetup setup, BackupSetup::open(context));
    const BackupContext backups = setup.backup_context(context);
    MUSTER_TRY(finish_leftovers(context, backups));
    ProgressMeter meter{context.console, context.clock, false};
    std::vector<BackupEntry> made;
    for (const Table* table : tables) {
        auto manifest = create_backup(backups, *table, {.avro = avro}, observed_by(meter));
        if (!manifest.ok()) {
            meter.finish();
            print_entries(context.console, made);  // those are there, whatever befell this one
            return std::move(manifest).error();
        }
        MUSTER_ASSIGN(const auto name, parse_backup_name(manifest->name));
        made.push_back({name, std::move(*manifest), ""});
    }
    meter.finish();
    print_entries(context.console, made);
    return 0;
}

Result<int> run_backup_list(VerbContext& context) {
    MUSTER_ASSIGN(BackupSetup setup, BackupSetup::open(context));
    const std::string table = context.arguments.words.empty() ? "" : context.arguments.words[0];
    MUSTER_TRY(select_tables(*context.catalog, context.arguments.words));
    MUSTER_ASSIGN(const auto entries, list_backups(setup.backup_context(context), table));
    if (entries.empty()) {
        context.console.note("there is no backup yet; `muster backup create` makes one");
    }
    if (!entries.empty() || context.console.format() != OutputFormat::kTable) {
        print_entries(context.console, entries);
    }
    return 0;
}

Result<int> run_backup_verify(VerbContext& context) {
    MUSTER_ASSIGN(BackupSetup setup, BackupSetup::open(context));
    const BackupContext backups = setup.backup_context(context);
    ProgressMeter meter{context.console, context.clock, false};
    Console& console = context.console;
    bool whole = true;
    for (const std::string& name : context.arguments.words) {
        MUSTER_ASSIGN(const auto report, verify_backup(backups, name, observed_by(meter)));
        meter.finish();
        whole = whole && report.problems.empty();
        if (console.format() != OutputFormat::kTable) {
            console.out_line(verify_json(report));
            continue;
        }
        console.out_line(
            report.problems.empty()
                ? fmt::format(
                      "{}: whole, {} rows, {} bytes", report.name, report.rows, report.bytes)
                : fmt::format("{}: damaged", report.name));
        for (const std::string& problem : report.problems) {
            console.out_line("  " + printable(problem));
        }
    }
    return whole ? 0 : exit_code(ErrorCode::kVerification);
}

// "30d", "12h": microseconds.
Result<std::int64_t> read_age(const std::string& text) {
    constexpr std::int64_t kHourUs = std::int64_t{3600} * 1'000'000;
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, number);
    const bool unit = rest + 1 == end && (*rest == 'd' || *rest == 'h');
    if (failed != std::errc{} || !unit || number < 0 || number > 100'000) {
        return Error{ErrorCode::kUsage,
                     fmt::format("option --older-than: '{}' is no age", printable(text)),
                     "write it as 30d or 12h",
                     ""};
    }
    return number * (*rest == 'd' ? 24 * kHourUs : kHourUs);
}

Result<std::size_t> read_keep(const std::string& text) {
    std::size_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, number);
    if (failed != std::errc{} || rest != end || number == 0) {
        return Error{ErrorCode::kUsage,
                     fmt::format("option --keep: '{}' is no positive number", printable(text)),
                     "the newest whole backup of a table always stays",
                     ""};
    }
    return number;
}

Result<ExpirePolicy> expire_policy(const VerbContext& context) {
    ExpirePolicy policy;
    if (const auto keep = context.arguments.value("keep")) {
        MUSTER_ASSIGN(policy.keep, read_keep(*keep));
    }
    if (const auto age = context.arguments.value("older-than")) {
        MUSTER_ASSIGN(policy.older_than_us, read_age(*age));
    }
    policy.dry_run = context.arguments.flag("dry-run");
    if (policy.keep == 0 && !policy.older_than_us) {
        return Error{ErrorCode::kUsage,
                     "which backups are to go?",
                     "give --keep N, --older-than 30d, or both: then only those beyond both go",
                     ""};
    }
    return policy;
}

Result<int> run_backup_expire(VerbContext& context) {
    MUSTER_ASSIGN(const ExpirePolicy policy, expire_policy(context));
    MUSTER_ASSIGN(const auto tables, select_tables(*context.catalog, context.arguments.words));
    MUSTER_ASSIGN(BackupSetup setup, BackupSetup::open(context));
    RowPrinter printer{context.console, {text_column("expired")}};
    std::size_t gone = 0;
    for (const Table* table : tables) {
        MUSTER_ASSIGN(const auto names,
                      expire_backups(setup.backup_context(context), table->name.str(), policy));
        for (const std::string& name : names) {
            printer.add({text_value(name)});
        }
        gone += names.size();
    }
    printer.finish();
    context.console.note(
        fmt::format("{} backups {}", gone, policy.dry_run ? "would be removed" : "removed"));
    return 0;
}

VerbSpec of_backups(VerbSpec verb) {
    verb.needs_catalog = true;
    verb.needs_database = always;
    return verb;
}

}  // namespace

VerbSpec backup_create_verb() {
    return of_backups({
        .name = "backup create",
        .words = "[TABLE ...]",
        .summary = "saves tables, reads them back and compares",
        .example = "muster backup create hired_employees --formats parquet",
        .options = {{"formats", 0, "LIST", "parquet or parquet,avro (default)"}},
        .words_max = kAnyNumber,
        .completes = Words::kTables,
        .run = run_backup_create,
    });
}

VerbSpec backup_list_verb() {
    return of_backups({
        .name = "backup list",
        .words = "[TABLE]",
        .summary = "the backups, newest first",
        .example = "muster backup list departments --json",
        .words_max = 1,
        .completes = Words::kTables,
        .run = run_backup_list,
    });
}

VerbSpec backup_verify_verb() {
    return of_backups({
        .name = "backup verify",
        .words = "NAME ...",
        .summary = "recomputes every checksum; exit code 7 if anything differs",
        .example = "muster backup verify departments-20261122T101530Z-7f3a",
        .words_min = 1,
        .words_max = kAnyNumber,
        .run = run_backup_verify,
    });
}

VerbSpec backup_expire_verb() {
    return of_backups({
        .name = "backup expire",
        .words = "[TABLE ...]",
        .summary = "removes old backups, never a table's newest whole one",
        .example = "muster backup expire --keep 7 --older-than 30d",
        .options = {{"keep", 0, "N", "the newest N of each table stay"},
                    {"older-than", 0, "AGE", "only those older than 30d or 12h go"},
                    {"dry-run", 0, "", "says which would go"}},
        .words_max = kAnyNumber,
        .completes = Words::kTables,
        .run = run_backup_expire,
    });
}

}  // namespace muster
