#include "engine/scan_object.h"

#include "core/limits.h"
#include "engine/detail/object_scan.h"
#include "engine/detail/occurrences.h"

#include <array>
#include <system_error>
#include <utility>

namespace muster {

namespace {

// Removes a file that was not published.
class FileGuard {
  public:
    explicit FileGuard(std::filesystem::path path) : path_(std::move(path)) {}
    ~FileGuard() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    FileGuard(const FileGuard&) = delete;
    FileGuard& operator=(const FileGuard&) = delete;

  private:
    std::filesystem::path path_;
};

Result<void> write_rejects(ObjectScan& scan, const ScanJob& job, ScanReport& report) {
    const ObjectKey key(job.prefix + "rejects-0000.parquet");
    MUSTER_ASSIGN(const auto path, job.clean.path_for_write(key));
    const FileGuard guard(path);
    const InterruptGuard interrupt(scan.rejects_connection(), job.cancel);
    MUSTER_TRY(scan.rejects_connection().execute(
        "COPY (" + ObjectScan::rejects_sql() + ") TO " + sql_text(path.string()) +
        " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 16384,"
        " USE_TMP_FILE false)"));
    MUSTER_TRY(job.clean.publish_path(path, key));
    report.rejects_key = key.str();
    return {};
}

Result<void> write_report(const ScanJob& job, const ScanReport& report) {
    return write_object(job.clean, ObjectKey(job.prefix + "scan.json"), scan_report_json(report));
}

// The object is refused alone: the others of the run need not suffer for it.
Result<ScanReport> unreadable(const ScanJob& job, const Error& error) {
    if (retryable(error.code) || error.code == ErrorCode::kCancelled) {
        return error;
    }
    ScanReport report;
    report.table = job.table.name.str();
    report.object = job.object.key.str();
    report.ordinal = job.ordinal;
    report.object_bytes = job.object.bytes;
    report.problem_code = std::string(reject_code_text(RejectCode::kFileUnreadable));
    report.problem_message = report.object + ": " + error.message;
    MUSTER_TRY(write_report(job, report));
    return report;
}

// Numbers the rejects of a scan that keeps no tables, and collects its examples.
class DirectSink {
  public:
    DirectSink(const Table& table, std::string object, const RejectEntrySink& sink)
        : table_(table), sink_(sink) {
        entry_.table = table.name.str();
        entry_.object = std::move(object);
    }

    Result<void> take(const RejectedRecord& record) {
        entry_.line = record.line;
        entry_.offset = record.offset;
        entry_.length = record.length;
        entry_.raw.assign(record.raw);
        take_reasons(record.reasons);
        const auto occurrence = seen_.next(record.raw_hash);
        entry_.id = RejectId(
            occurrence ? reject_id_text(entry_.table, raw_hash_text(record.raw_hash), *occurrence)
                       : std::string());
        bool keep = false;
        for (const Reason& reason : record.reasons) {
            const auto code = static_cast<std::size_t>(reason.code);
            keep = ++by_code_[code] <= kRejectExamplesPerCode || keep;
        }
        if (keep) {
            examples_.push_back(entry_);
        }
        return sink_(entry_);
    }

    void report_to(ScanReport& report) {
        for (std::size_t code = 0; code < kRejectCodeCount; ++code) {
            if (by_code_[code] != 0) {
                report.rejects_by_code.emplace(reject_code_text(static_cast<RejectCode>(code)),
                                               by_code_[code]);
            }
        }
        report.examples = std::move(examples_);
    }

  private:
    void take_reasons(const std::vector<Reason>& reasons) {
        entry_.reasons.resize(reasons.size());
        for (std::size_t i = 0; i < reasons.size(); ++i) {
            const Reason& from = reasons[i];
            ReasonText& to = entry_.reasons[i];
            to.code.assign(reject_code_text(from.code));
            to.column.assign(from.column < 0
                                 ? std::string_view()
                                 : table_.columns[static_cast<std::size_t>(from.column)].name);
            to.value.assign(from.value);
            to.message.assign(from.message);
        }
    }

    const Table& table_;
    const RejectEntrySink& sink_;
    RejectEntry entry_;  // reused: a large part of the time would go into its strings
    Occurrences seen_;
    std::array<std::uint64_t, kRejectCodeCount> by_code_{};
    std::vector<RejectEntry> examples_;
};

Result<ScanReport> validate_directly(const Table& table,
                                     ObjectReader& reader,
                                     std::size_t threads,
                                     const RejectEntrySink& sink,
                                     const std::function<void(const ScanProgress&)>& progress,
                                     const CancelToken* cancel) {
    DirectSink direct(table, reader.info().key.str(), sink);
    ScanOptions options;
    options.keep_rows = false;
    options.cancel = cancel;
    MUSTER_ASSIGN(auto scan,
                  Scan::open(
                      table,
                      reader,
                      [&direct](const RejectedRecord& record) { return direct.take(record); },
                      options));
    MUSTER_TRY(run_scan(*scan, threads));
    ProgressThrottle(*scan, progress).finish();
    ScanReport report;
    report.table = table.name.str();
    report.object = reader.info().key.str();
    report.object_bytes = reader.info().bytes;
    if (scan->problem()) {
        report.problem_code = std::string(reject_code_text(scan->problem()->code));
        report.problem_message = scan->problem()->message;
        return report;
    }
    const ScanCounts& counts = scan->counts();
    report.read = counts.read;
    report.clean = counts.read - counts.rejected;
    report.rejected = counts.rejected;
    report.blank_lines = counts.blank_lines;
    report.object_bytes = counts.object_bytes;
    report.content_hash = counts.content_hash;
    direct.report_to(report);
    return report;
}

}  // namespace

Result<ScanReport> scan_object(Engine& engine, const ScanJob& job) {
    auto opened = job.source.open(job.object.key);
    if (!opened) {
        return unreadable(job, opened.error());
    }
    const std::unique_ptr<ObjectReader> reader = std::move(opened).value();
    const ObjectKey part_key(job.prefix + "part-0000.parquet");
    MUSTER_ASSIGN(const auto part, job.clean.path_for_write(part_key));
    const FileGuard guard(part);
    ObjectScan scan(engine, job.table, *reader, job.ordinal, job.progress, job.cancel);
    MUSTER_TRY(scan.run(engine.options().threads, part));
    if (auto refused = scan.problem()) {
        MUSTER_TRY(write_report(job, *refused));
        return *std::move(refused);
    }
    MUSTER_ASSIGN(auto report, scan.finish());
    MUSTER_TRY(job.clean.publish_path(part, part_key));
    report.part_keys.push_back(part_key.str());
    if (report.rejected != 0) {
        MUSTER_TRY(write_rejects(scan, job, report));
    }
    MUSTER_TRY(write_report(job, report));
    return report;
}

Result<ScanReport> validate_object(Engine* engine,
                                   const Table& table,
                                   ObjectReader& reader,
                                   std::size_t threads,
                                   const RejectEntrySink& sink,
                                   const std::function<void(const ScanProgress&)>& progress,
                                   const CancelToken* cancel) {
    if (table.checks.empty()) {
        return validate_directly(table, reader, threads, sink, progress, cancel);
    }
    MUSTER_CHECK(engine != nullptr);
    MUSTER_TRY(check_row_checks(*engine, table));
    ObjectScan scan(*engine, table, reader, 0, progress, cancel);
    MUSTER_TRY(scan.run(threads, std::nullopt));
    if (auto refused = scan.problem()) {
        return *std::move(refused);
    }
    MUSTER_ASSIGN(auto report, scan.finish());
    MUSTER_ASSIGN(auto statement, scan.rejects_connection().prepare(ObjectScan::rejects_sql()));
    MUSTER_ASSIGN(auto rows, statement.stream());
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return report;
        }
        MUSTER_ASSIGN(const auto entry, scan.entry(rows));
        MUSTER_TRY(sink(entry));
    }
}

}  // namespace muster
