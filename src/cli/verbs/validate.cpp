#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "cli/validate_targets.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr int kFailedExitCode = 1;
constexpr int kRejectsExitCode = 3;
constexpr double kNsPerSecond = 1e9;

// Prints what is refused as it is found and counts for the summary.
class Validation {
  public:
    explicit Validation(VerbContext& context)
        : context_(context), meter_(context.console, context.clock, false) {}

    Result<int> run() {
        MUSTER_ASSIGN(const auto targets, validate_targets(context_));
        MUSTER_TRY(open_engine(targets));
        if (context_.console.format() == OutputFormat::kCsv) {
            start_csv();
        }
        const std::int64_t started_ns = context_.clock.monotonic_ns();
        for (const ValidateTarget& target : targets) {
            MUSTER_TRY(validate(target));
        }
        meter_.finish();
        if (csv_) {
            csv_->finish();
        }
        if (targets.empty()) {
            context_.console.note(fmt::format("nothing to validate: no file in {} matches",
                                              mask_secrets(context_.catalog->source_url)));
        }
        const double seconds =
            static_cast<double>(context_.clock.monotonic_ns() - started_ns) / kNsPerSecond;
        return print_summary(seconds);
    }

  private:
    std::size_t threads() const {
        return context_.settings.threads != 0 ? context_.settings.threads : machine_threads();
    }

    // Row checks are SQL; everything else needs no engine.
    Result<void> open_engine(const std::vector<ValidateTarget>& targets) {
        const bool needed = std::any_of(targets.begin(), targets.end(), [](const auto& target) {
            return !target.table->checks.empty();
        });
        if (!needed) {
            return {};
        }
        std::error_code ignored;
        EngineOptions options{
            .database = {},
            .temp_dir = std::filesystem::temp_directory_path(ignored) / "muster-validate",
            .memory_limit_bytes = context_.settings.memory_limit_bytes != 0
                                      ? context_.settings.memory_limit_bytes
                                      : machine_memory_bytes() / 2,
            .threads = threads(),
        };
        MUSTER_ASSIGN(engine_, Engine::open(options));
        return {};
    }

    void start_csv() {
        csv_.emplace(context_.console,
                     std::vector<ResultColumn>{text_column("table"),
                                               text_column("object"),
                                               number_column("line"),
                                               number_column("offset"),
                                               number_column("length"),
                                               text_column("code"),
                                               text_column("column"),
                                               text_column("value"),
                                               text_column("message")});
    }

    void print_reject(const RejectEntry& reject) {
        Console& console = context_.console;
        if (console.json()) {
            line_.clear();
            append_reject_json(line_, reject);
            console.out_line(line_);
            return;
        }
        const bool all = context_.arguments.flag("all");
        if (!csv_ && !all) {
            examples_.add(reject);
        }
        for (const ReasonText& reason : reject.reasons) {
            if (csv_) {
                csv_->add({text_value(reject.table),
                           text_value(reject.object),
                           number_value(static_cast<std::int64_t>(reject.line)),
                           number_value(static_cast<std::int64_t>(reject.offset)),
                           number_value(static_cast<std::int64_t>(reject.length)),
                           text_value(reason.code),
                           text_or_null(reason.column),
                           text_value(reason.value),
                           text_value(reason.message)});
            } else if (all) {
                console.out_line(reason_line(reject, reason));
            }
        }
    }

    void refuse(const ValidateTarget& target, const std::string& code, const std::string& message) {
        TableOutcome& outcome = outcome_of(*target.table);
        outcome.objects.push_back({target.key.str(), "failed", message, {}, target.bytes, code});
        Console& console = context_.console;
        if (console.json()) {
            console.out_line(
                object_error_json(code, target.table->name.str(), target.key.str(), message));
        }
        const bool named = message.find(target.key.str()) != std::string::npos;
        console.message(printable(fmt::format(
            "muster: {}{}{}", named ? "" : target.key.str(), named ? "" : ": ", message)));
    }

    TableOutcome& outcome_of(const Table& table) {
        for (TableOutcome& outcome : outcomes_) {
            if (outcome.table == table.name.str()) {
                return outcome;
            }
        }
        TableOutcome& outcome = outcomes_.emplace_back();
        outcome.table = table.name.str();
        outcome.status = "loaded";
        return outcome;
    }

    void show_progress(const ValidateTarget& target, const ScanProgress& progress) {
        meter_.progress({.table = target.key.str(),
                         .stage = "validate",
                         .rows = progress.rows,
                         .bytes = progress.bytes,
                         .bytes_total = target.bytes,
                         .rejected = progress.rejected});
    }

    // An error: the validation as a whole cannot go on.
    Result<void> validate(const ValidateTarget& target) {
        if (context_.cancel.cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped before all files were looked at"};
        }
        const std::int64_t started_ns = context_.clock.monotonic_ns();
        auto reader = target.store->open(target.key);
        if (!reader.ok()) {
            refuse(target, "file.unreadable", reader.error().message);
            return {};
        }
        const Result<ScanReport> report = validate_object(
            engine_.get(),
            *target.table,
            **reader,
            threads(),
            [this](const RejectEntry& reject) -> Result<void> {
                print_reject(reject);
                return {};
            },
            [&](const ScanProgress& progress) { show_progress(target, progress); },
            &context_.cancel);
        if (!report.ok()) {
            if (report.error().code != ErrorCode::kIo) {
                return report.error();
            }
            refuse(target, "file.unreadable", report.error().message);
            return {};
        }
        if (report->problem_code) {
            refuse(target, *report->problem_code, report->problem_message);
            return {};
        }
        add_counts(target, *report, context_.clock.monotonic_ns() - started_ns);
        return {};
    }

    void add_counts(const ValidateTarget& target, const ScanReport& report, std::int64_t took_ns) {
        TableOutcome& outcome = outcome_of(*target.table);
        ObjectOutcome object{target.key.str(), "loaded", "", {}, report.object_bytes};
        object.counts.read = static_cast<std::int64_t>(report.read);
        object.counts.rejected = static_cast<std::int64_t>(report.rejected);
        object.counts.blank_lines = static_cast<std::int64_t>(report.blank_lines);
        outcome.counts += object.counts;
        outcome.bytes += report.object_bytes;
        outcome.seconds += static_cast<double>(took_ns) / kNsPerSecond;
        outcome.objects.push_back(std::move(object));
        for (const auto& [code, count] : report.rejects_by_code) {
            outcome.rejects_by_code[code] += count;
        }
    }

    std::string command_for_all() const {
        std::string command = "muster validate";
        for (const std::string& word : context_.arguments.words) {
            command += " " + word;
        }
        if (const auto table = context_.arguments.value("table")) {
            command += " --table " + *table;
        }
        return command + " --all";
    }

    void print_people_summary() {
        Console& console = context_.console;
        RowPrinter printer{console,
                           {text_column("table"),
                            number_column("read"),
                            number_column("rejected"),
                            number_column("blank_lines"),
                            number_column("files"),
                            number_column("failed"),
                            {"seconds", {TypeKind::kDecimal, 18, 3}},
                            number_column("rows/s")}};
        for (const TableOutcome& table : outcomes_) {
            const auto failed =
                std::count_if(table.objects.begin(), table.objects.end(), [](const auto& object) {
                    return object.status == "failed";
                });
            const auto read = static_cast<double>(table.counts.read);
            printer.add({text_value(table.table),
                         number_value(table.counts.read),
                         number_value(table.counts.rejected),
                         number_value(table.counts.blank_lines),
                         number_value(static_cast<std::int64_t>(table.objects.size()) - failed),
                         number_value(failed),
                         Value{static_cast<Int128>(table.seconds * 1000)},
                         number_value(static_cast<std::int64_t>(
                             table.seconds > 0 ? read / table.seconds : 0))});
        }
        printer.finish();
        if (!context_.arguments.flag("all")) {
            print_rejects(console, outcomes_, examples_.examples(), command_for_all());
        }
    }

    int print_summary(double seconds) {
        std::size_t objects = 0;
        std::size_t failed = 0;
        for (const TableOutcome& table : outcomes_) {
            for (const ObjectOutcome& object : table.objects) {
                ++objects;
                failed += object.status == "failed" ? 1U : 0U;
            }
        }
        RunRecord run;
        run.status = failed == 0 ? "succeeded" : failed == objects ? "failed" : "partial";
        std::sort(outcomes_.begin(), outcomes_.end(), [](const auto& left, const auto& right) {
            return left.table < right.table;
        });
        run.tables = outcomes_;
        if (context_.console.json()) {
            context_.console.out_line(summary_json(run, seconds));
        } else if (!csv_) {
            print_people_summary();
        }
        if (failed > 0) {
            return kFailedExitCode;
        }
        return rejected_records(outcomes_) > 0 ? kRejectsExitCode : 0;
    }

    VerbContext& context_;
    ProgressMeter meter_;
    std::unique_ptr<Engine> engine_;
    std::vector<TableOutcome> outcomes_;
    ExampleCollector examples_;
    std::string line_;
    std::optional<RowPrinter> csv_;
};

Result<int> run_validate(VerbContext& context) { return Validation{context}.run(); }

}  // namespace

VerbSpec validate_verb() {
    return {
        .name = "validate",
        .words = "[TABLE|FILE ...]",
        .summary = "scans and reports, loads nothing",
        .example = "muster validate data/hired_employees.csv --json",
        .options = {{"table", 0, "TABLE", "the table whose rules the files are held against"},
                    {"all", 0, "", "prints every reason, not the first of each kind"}},
        .words_max = kAnyNumber,
        .completes = Words::kTablesAndFiles,
        .needs_catalog = true,
        .run = run_validate,
    };
}

}  // namespace muster
