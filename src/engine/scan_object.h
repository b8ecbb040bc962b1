// Scans one source object into objects of the clean store (architecture.md, data flow, step 2):
//   <prefix>part-0000.parquet     the table's columns, then _position BIGINT
//   <prefix>rejects-0000.parquet  line, offset, length, raw, raw_hash, occurrence, severity,
//   reasons <prefix>scan.json             the report, written last: an object without it is not
//   complete
// Memory stays bounded by the engine's limit however many records are refused.
#pragma once

#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/result.h"
#include "engine/engine.h"
#include "storage/object_store.h"
#include "validate/scan.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// One reason as it is stored and printed. `column` is empty for the record as a whole.
struct ReasonText {
    std::string code;
    std::string column;
    std::string value;
    std::string message;
};

// A reject as it is stored and printed (cli.md, JSON shapes).
struct RejectEntry {
    RejectId id;
    std::string run_id;
    std::string table;
    std::string object;
    std::uint64_t line = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string raw;
    std::string severity = "error";  // error | notice
    std::string state = "open";      // open | replayed | waived | gone
    std::string state_note;          // "replayed by run R"
    std::string pointer;             // of a request's row: "/3"; "" for a record of a file
    std::vector<ReasonText> reasons;
};

// Reasons as the JSON text of the ledger, and back.
std::string reasons_json(const std::vector<ReasonText>& reasons);
Result<std::vector<ReasonText>> parse_reasons_json(std::string_view json);

struct ScanReport {
    std::string table;
    std::string object;  // key in the source store
    std::uint64_t ordinal = 0;
    std::uint64_t read = 0;
    std::uint64_t clean = 0;
    std::uint64_t rejected = 0;
    std::uint64_t blank_lines = 0;
    std::uint64_t object_bytes = 0;
    std::string content_hash;
    bool keys_rising = false;
    std::string first_key;  // canonical text, "" if unknown
    std::string last_key;
    std::map<std::string, std::uint64_t> rejects_by_code;  // reasons, not records
    std::vector<RejectEntry> examples;                     // the first of each code
    std::optional<std::string> problem_code;               // file.*: the object was refused
    std::string problem_message;
    std::vector<std::string> part_keys;  // in the clean store
    std::string rejects_key;             // "" if there are none
};

std::string scan_report_json(const ScanReport& report);
Result<ScanReport> parse_scan_report(std::string_view json);

struct ScanProgress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t rejected = 0;
};

struct ScanJob {
    const Table& table;
    ObjectStore& source;
    ObjectInfo object;
    std::uint64_t ordinal = 0;  // place of the object in the order of names, for _position
    ObjectStore& clean;
    std::string prefix;                                 // ends with '/'
    std::function<void(const ScanProgress&)> progress;  // may be empty; called from any thread
    const CancelToken* cancel = nullptr;
};

// An object that is refused as a whole is a report with a problem, not an error.
Result<ScanReport> scan_object(Engine& engine, const ScanJob& job);

// kUsage naming the row check that DuckDB cannot evaluate over the table's columns.
Result<void> check_row_checks(Engine& engine, const Table& table);

// The same without outputs (`muster validate`): every reject goes to `sink` in the order of the
// file, row checks included. The sink's entry is reused. Without row checks memory is bounded: an
// entry has no id once more distinct records were refused than can be told apart. `engine` may be
// null for a table without row checks.
using RejectEntrySink = std::function<Result<void>(const RejectEntry&)>;
Result<ScanReport> validate_object(Engine* engine,
                                   const Table& table,
                                   ObjectReader& reader,
                                   std::size_t threads,
                                   const RejectEntrySink& sink,
                                   const std::function<void(const ScanProgress&)>& progress,
                                   const CancelToken* cancel);

}  // namespace muster
