#include "engine/detail/object_scan.h"

#include "core/limits.h"
#include "core/text.h"

#include <algorithm>
#include <chrono>

namespace muster {

namespace {

constexpr std::int64_t kProgressIntervalUs = 100'000;
constexpr std::size_t kCheckBatchRows = 1'000'000;

std::int64_t steady_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::vector<ReasonText> reason_texts(const Table& table, const std::vector<Reason>& reasons) {
    std::vector<ReasonText> out;
    out.reserve(reasons.size());
    for (const Reason& reason : reasons) {
        out.push_back({std::string(reject_code_text(reason.code)),
                       reason.column < 0
                           ? std::string()
                           : table.columns[static_cast<std::size_t>(reason.column)].name,
                       reason.value,
                       reason.message});
    }
    return out;
}

// One bit per check. A check that cannot be evaluated (an overflow, a cast) counts as failed.
std::string failed_sql(const Table& table) {
    std::string sql;
    for (std::size_t i = 0; i < table.checks.size(); ++i) {
        sql += sql.empty() ? "" : " | ";
        sql += "CASE WHEN coalesce(TRY(coalesce(CAST((" + table.checks[i].sql +
               "\n) AS BOOLEAN), true)), false) THEN 0::BIGINT ELSE " +
               std::to_string(std::int64_t{1} << i) + "::BIGINT END";
    }
    return sql;
}

}  // namespace

RejectEntry reject_entry(const Table& table,
                         const std::string& object,
                         const RejectedRecord& record) {
    RejectEntry entry;
    entry.table = table.name.str();
    entry.object = object;
    entry.line = record.line;
    entry.offset = record.offset;
    entry.length = record.length;
    entry.raw = record.raw;
    entry.reasons = reason_texts(table, record.reasons);
    return entry;
}

ProgressThrottle::ProgressThrottle(const Scan& scan,
                                   const std::function<void(const ScanProgress&)>& progress)
    : scan_(scan), progress_(progress) {}

void ProgressThrottle::tick() {
    if (!progress_) {
        return;
    }
    const std::int64_t now = steady_us();
    std::int64_t next = next_us_.load();
    if (now >= next && next_us_.compare_exchange_strong(next, now + kProgressIntervalUs)) {
        finish();
    }
}

void ProgressThrottle::finish() {
    if (progress_) {
        progress_({scan_.records_so_far(), scan_.bytes_done(), scan_.rejected_so_far()});
    }
}

ObjectScan::ObjectScan(Engine& engine,
                       const Table& table,
                       ObjectReader& reader,
                       std::uint64_t ordinal,
                       const std::function<void(const ScanProgress&)>& progress,
                       const CancelToken* cancel)
    : engine_(engine),
      table_(table),
      reader_(reader),
      ordinal_(ordinal),
      progress_(progress),
      cancel_(cancel) {}

Result<void> ObjectScan::open_tables() {
    MUSTER_ASSIGN(auto scan_connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rejects, engine_.handle().connect());
    scan_connection_.emplace(std::move(scan_connection));
    rejects_.emplace(std::move(rejects));
    MUSTER_TRY(rejects_->execute(
        "CREATE TEMP TABLE scan_rejects (line BIGINT, \"offset\" BIGINT, length BIGINT, raw BLOB,"
        " raw_hash VARCHAR, reasons VARCHAR);"
        "CREATE TEMP TABLE check_rows (\"offset\" BIGINT, failed BIGINT);"
        "CREATE TEMP TABLE check_reasons (\"offset\" BIGINT, reasons VARCHAR);"));
    MUSTER_ASSIGN(auto appender, Appender::open(*rejects_, nullptr, "scan_rejects"));
    rejects_appender_.emplace(std::move(appender));
    if (!table_.checks.empty()) {
        MUSTER_ASSIGN(auto checks, Appender::open(*rejects_, nullptr, "check_rows"));
        checks_appender_.emplace(std::move(checks));
    }
    return {};
}

Result<void> ObjectScan::take_reject(const RejectedRecord& record) {
    // Both appenders share a connection, so they share the source's mutex as well.
    const std::lock_guard lock(source_.mutex);
    const std::vector<ReasonText> reasons = reason_texts(table_, record.reasons);
    note_examples(record.offset, reasons);
    return rejects_appender_->add(static_cast<std::int64_t>(record.line))
        .add(static_cast<std::int64_t>(record.offset))
        .add(static_cast<std::int64_t>(record.length))
        .add_blob(record.raw)
        .add(std::string_view(raw_hash_text(record.raw_hash)))
        .add(std::string_view(reasons_json(reasons)))
        .end_row();
}

void ObjectScan::note_examples(std::uint64_t offset, const std::vector<ReasonText>& reasons) {
    bool keep = false;
    for (const ReasonText& reason : reasons) {
        keep = ++examples_by_code_[reason.code] <= kRejectExamplesPerCode || keep;
    }
    if (keep) {
        example_offsets_.push_back(offset);
    }
}

std::string ObjectScan::scan_sql(std::int64_t id) const {
    const std::string scan = "muster_scan(" + std::to_string(id) + ")";
    if (table_.checks.empty()) {
        return "SELECT * FROM " + scan;
    }
    return "SELECT * EXCLUDE (_refused, _failed) FROM (SELECT *, " + failed_sql(table_) +
           " AS _failed FROM " + scan + ") WHERE muster_keep(" + std::to_string(id) +
           ", _position, _refused, _failed)";
}

Result<void> ObjectScan::run(std::size_t threads,
                             const std::optional<std::filesystem::path>& parquet) {
    if (table_.checks.size() > 62) {
        return Error{ErrorCode::kUsage,
                     "table " + table_.name.str() + " has more than 62 row checks",
                     "join some of them with AND",
                     ""};
    }
    MUSTER_TRY(open_tables());
    ScanOptions options;
    options.emit_decoded_rejects = !table_.checks.empty();
    options.cancel = cancel_;
    MUSTER_ASSIGN(scan_,
                  Scan::open(
                      table_,
                      reader_,
                      [this](const RejectedRecord& record) { return take_reject(record); },
                      options));
    ProgressThrottle throttle(*scan_, progress_);
    source_.table = &table_;
    source_.scan = scan_.get();
    source_.ordinal = ordinal_;
    source_.threads = std::max<std::size_t>(threads, 1);
    source_.with_refused = !table_.checks.empty();
    source_.block_done = [&throttle] { throttle.tick(); };
    source_.check_failed = [this](std::int64_t offset, std::int64_t failed) {
        return checks_appender_->add(offset).add(failed).end_row();
    };
    const ScanRegistration registration(engine_.handle(), source_);
    const std::string select = scan_sql(registration.id());
    const InterruptGuard guard(*scan_connection_, cancel_);
    Result<std::int64_t> rows =
        parquet
            ? scan_connection_->scalar("COPY (" + select + ") TO " + sql_text(parquet->string()) +
                                       " (FORMAT parquet, COMPRESSION snappy,"
                                       " USE_TMP_FILE false)")
            : scan_connection_->scalar("SELECT count(_position) FROM (" + select + ")");
    source_.block_done = nullptr;
    if (!rows.ok()) {
        return source_.error ? *source_.error : std::move(rows).error();
    }
    throttle.finish();
    rows_written_ = *rows;
    MUSTER_TRY(rejects_appender_->close());
    return checks_appender_ ? checks_appender_->close() : Result<void>();
}

std::optional<ScanReport> ObjectScan::problem() const {
    if (!scan_->problem()) {
        return std::nullopt;
    }
    ScanReport report;
    report.table = table_.name.str();
    report.object = reader_.info().key.str();
    report.ordinal = ordinal_;
    report.object_bytes = reader_.info().bytes;
    report.problem_code = std::string(reject_code_text(scan_->problem()->code));
    report.problem_message = scan_->problem()->message;
    return report;
}

Result<ScanReport> ObjectScan::finish() {
    if (!table_.checks.empty()) {
        MUSTER_TRY(resolve_checks());
    }
    const ScanCounts& counts = scan_->counts();
    ScanReport report;
    report.table = table_.name.str();
    report.object = reader_.info().key.str();
    report.ordinal = ordinal_;
    report.read = counts.read;
    report.rejected = counts.rejected + check_only_;
    report.clean = static_cast<std::uint64_t>(rows_written_);
    report.blank_lines = counts.blank_lines;
    report.object_bytes = counts.object_bytes;
    report.content_hash = counts.content_hash;
    report.keys_rising = counts.keys_rising;
    if (table_.key.size() == 1 && counts.first_key && counts.last_key) {
        const Column* key = table_.find_column(table_.key.front());
        report.first_key = value_text(key->type, *counts.first_key);
        report.last_key = value_text(key->type, *counts.last_key);
    }
    report.rejects_by_code = check_codes_;
    for (std::size_t code = 0; code < kRejectCodeCount; ++code) {
        if (counts.reasons_by_code[code] != 0) {
            report.rejects_by_code[std::string(reject_code_text(static_cast<RejectCode>(code)))] +=
                counts.reasons_by_code[code];
        }
    }
    if (report.read != report.clean + report.rejected) {
        return Error{ErrorCode::kInternal,
                     report.object + ": " + std::to_string(report.read) +
                         " records were read, but " + std::to_string(report.clean) +
                         " written and " + std::to_string(report.rejected) + " rejected",
                     "please report this",
                     ""};
    }
    MUSTER_TRY(load_examples(report));
    return report;
}

// --- row checks ----------------------------------------------------------------------------------

std::vector<ReasonText> ObjectScan::check_reasons(std::int64_t failed) const {
    std::vector<ReasonText> reasons;
    for (std::size_t i = 0; i < table_.checks.size(); ++i) {
        if ((failed >> i & 1) != 0) {
            reasons.push_back({std::string(reject_code_text(RejectCode::kRowCheck)),
                               "",
                               "",
                               "the check '" + table_.checks[i].name + "' does not hold"});
        }
    }
    return reasons;
}

Result<void> ObjectScan::resolve_checks() {
    std::int64_t after = -1;
    for (;;) {
        MUSTER_ASSIGN(const bool more, resolve_checks_after(after));
        if (!more) {
            return {};
        }
    }
}

Result<bool> ObjectScan::resolve_checks_after(std::int64_t& offset) {
    std::vector<std::uint64_t> offsets;  // of records that only the checks refuse
    std::vector<std::int64_t> failed;
    std::size_t rows = 0;
    {
        MUSTER_ASSIGN(auto result,
                      rejects_->query("SELECT c.\"offset\", c.failed, r.\"offset\" IS NOT NULL"
                                      " FROM check_rows c LEFT JOIN scan_rejects r"
                                      " ON c.\"offset\" = r.\"offset\" WHERE c.\"offset\" > ?"
                                      " ORDER BY c.\"offset\" LIMIT ?",
                                      offset,
                                      static_cast<std::int64_t>(kCheckBatchRows)));
        MUSTER_ASSIGN(auto both, Appender::open(*rejects_, nullptr, "check_reasons"));
        for (;; ++rows) {
            MUSTER_ASSIGN(const bool more, result.next());
            if (!more) {
                break;
            }
            offset = result.int64(0);
            const std::vector<ReasonText> reasons = check_reasons(result.int64(1));
            check_codes_[reasons.front().code] += reasons.size();
            note_examples(static_cast<std::uint64_t>(offset), reasons);
            if (result.int64(2) != 0) {
                MUSTER_TRY(both.add(offset).add(std::string_view(reasons_json(reasons))).end_row());
            } else {
                offsets.push_back(static_cast<std::uint64_t>(offset));
                failed.push_back(result.int64(1));
            }
        }
        MUSTER_TRY(both.close());
    }
    check_only_ += offsets.size();
    if (!offsets.empty()) {
        MUSTER_ASSIGN(auto appender, Appender::open(*rejects_, nullptr, "scan_rejects"));
        std::size_t at = 0;
        MUSTER_ASSIGN(const std::string hash,
                      locate_records(table_, reader_, offsets, [&](const RejectedRecord& record) {
                          return appender.add(static_cast<std::int64_t>(record.line))
                              .add(static_cast<std::int64_t>(record.offset))
                              .add(static_cast<std::int64_t>(record.length))
                              .add_blob(record.raw)
                              .add(std::string_view(raw_hash_text(record.raw_hash)))
                              .add(std::string_view(reasons_json(check_reasons(failed[at++]))))
                              .end_row();
                      }));
        MUSTER_TRY(appender.close());
        if (at != offsets.size() || hash != scan_->counts().content_hash) {
            return Error{ErrorCode::kConflict,
                         reader_.info().key.str() + " changed while it was read",
                         "run again when it is complete",
                         ""};
        }
    }
    return rows == kCheckBatchRows;
}

// --- what was refused ----------------------------------------------------------------------------

std::string ObjectScan::rejects_sql() {
    return "WITH numbered AS (SELECT \"offset\", row_number() OVER (PARTITION BY raw_hash"
           " ORDER BY \"offset\") AS occurrence FROM scan_rejects)"
           " SELECT r.line, r.\"offset\", r.length, r.raw, r.raw_hash, n.occurrence,"
           " 'error' AS severity, CASE WHEN c.reasons IS NULL THEN r.reasons"
           " ELSE r.reasons[:-2] || ',' || c.reasons[2:] END AS reasons"
           " FROM scan_rejects r JOIN numbered n USING (\"offset\")"
           " LEFT JOIN check_reasons c USING (\"offset\") ORDER BY r.\"offset\"";
}

Result<RejectEntry> ObjectScan::entry(const QueryResult& row) const {
    RejectEntry entry;
    entry.table = table_.name.str();
    entry.object = reader_.info().key.str();
    entry.line = static_cast<std::uint64_t>(row.int64(0));
    entry.offset = static_cast<std::uint64_t>(row.int64(1));
    entry.length = static_cast<std::uint64_t>(row.int64(2));
    entry.raw = row.text(3);
    entry.id = RejectId(
        reject_id_text(entry.table, row.text(4), static_cast<std::uint64_t>(row.int64(5))));
    MUSTER_ASSIGN(entry.reasons, parse_reasons_json(row.text(7)));
    return entry;
}

Result<void> ObjectScan::load_examples(ScanReport& report) {
    std::string list;
    for (const std::uint64_t offset : example_offsets_) {
        list += (list.empty() ? "" : ",") + std::to_string(offset);
    }
    if (list.empty()) {
        return {};
    }
    MUSTER_ASSIGN(auto rows,
                  rejects_->query("SELECT * FROM (" + rejects_sql() + ") WHERE \"offset\" IN (" +
                                  list + ") ORDER BY \"offset\""));
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return {};
        }
        MUSTER_ASSIGN(auto example, entry(rows));
        report.examples.push_back(std::move(example));
    }
}

}  // namespace muster
