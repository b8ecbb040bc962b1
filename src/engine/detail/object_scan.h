// One scan with its rejects kept in temporary tables of DuckDB, which spill to disk:
//   1. run() drives the scan by a statement over muster_scan; refused records and rows whose checks
//      failed are appended as they come.
//   2. finish() fetches the raw records of check-only rejects and joins the reasons.
//   3. rejects_sql() then lists them with their occurrence numbers.
#pragma once

#include "engine/detail/scan_source.h"
#include "engine/scan_object.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// A reject as the scan reports it, without identity. `raw` is copied.
RejectEntry reject_entry(const Table& table,
                         const std::string& object,
                         const RejectedRecord& record);

// Calls `progress` at most ten times a second.
class ProgressThrottle {
  public:
    ProgressThrottle(const Scan& scan, const std::function<void(const ScanProgress&)>& progress);
    void tick();
    void finish();

  private:
    const Scan& scan_;
    const std::function<void(const ScanProgress&)>& progress_;
    std::atomic<std::int64_t> next_us_{0};
};

class ObjectScan {
  public:
    ObjectScan(Engine& engine,
               const Table& table,
               ObjectReader& reader,
               std::uint64_t ordinal,
               const std::function<void(const ScanProgress&)>& progress,
               const CancelToken* cancel);

    // Scans; the clean rows go to the Parquet file, or nowhere if it is not given.
    Result<void> run(std::size_t threads, const std::optional<std::filesystem::path>& parquet);
    // After run(), without a problem: completes rejects and report. Keys of outputs are not set.
    Result<ScanReport> finish();
    // The report of a refused object.
    std::optional<ScanReport> problem() const;

    // SELECT line, offset, length, raw, raw_hash, occurrence, severity, reasons ORDER BY offset.
    static std::string rejects_sql();
    Connection& rejects_connection() { return *rejects_; }
    Connection& scan_connection() { return *scan_connection_; }
    // Of a row of rejects_sql(), identity included.
    Result<RejectEntry> entry(const QueryResult& row) const;

  private:
    Result<void> open_tables();
    Result<void> take_reject(const RejectedRecord& record);
    void note_examples(std::uint64_t offset, const std::vector<ReasonText>& reasons);
    Result<void> resolve_checks();
    Result<bool> resolve_checks_after(std::int64_t& offset);
    std::vector<ReasonText> check_reasons(std::int64_t failed) const;
    Result<void> load_examples(ScanReport& report);
    std::string scan_sql(std::int64_t id) const;

    Engine& engine_;
    const Table& table_;
    ObjectReader& reader_;
    std::uint64_t ordinal_;
    const std::function<void(const ScanProgress&)>& progress_;
    const CancelToken* cancel_;
    std::optional<Connection> scan_connection_;
    std::optional<Connection> rejects_;
    std::optional<Appender> rejects_appender_;
    std::optional<Appender> checks_appender_;
    ScanSource source_;
    std::unique_ptr<Scan> scan_;
    std::int64_t rows_written_ = 0;
    std::uint64_t check_only_ = 0;
    std::map<std::string, std::uint64_t> check_codes_;
    std::map<std::string, std::size_t> examples_by_code_;
    std::vector<std::uint64_t> example_offsets_;
};

}  // namespace muster
