// Runs a scan over a text in memory and gives back all that came out of it, as text.
#pragma once

#include "catalog/catalog.h"
#include "support/memory_object.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct RowOutcome {
    std::uint64_t offset = 0;
    std::vector<std::string> values;  // canonical text; NULL is "<null>"
    bool refused = false;
    bool operator==(const RowOutcome&) const = default;
};

struct RejectOutcome {
    std::uint64_t line = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string raw;
    std::string hash;
    std::vector<std::string> codes;     // "value.missing"
    std::vector<std::string> messages;  // alike in order
    std::vector<int> columns;
    bool decoded = false;
    bool operator==(const RejectOutcome&) const = default;
};

struct ScanOutcome {
    std::vector<RowOutcome> rows;  // by offset
    std::vector<RejectOutcome> rejects;
    ScanCounts counts;
    std::string problem;  // "file.empty", "" if there is none
    std::string problem_message;
    std::string error;  // the name of an Error's code, "" if there is none
};

struct OutcomeOptions {
    std::size_t block_bytes = kScanBlockBytes;
    std::size_t threads = 1;
    bool keep_rows = true;
    bool emit_decoded_rejects = false;
};

ScanOutcome scan_outcome(const Table& table, ObjectReader& reader, const OutcomeOptions& options);
ScanOutcome scan_outcome(const Table& table,
                         std::string_view text,
                         const OutcomeOptions& options = {});

// A table of these columns, called "things".
Table test_table(std::vector<Column> columns);
Column test_column(std::string name, ColumnType type, bool nullable = false);
// `count` nullable string columns c0, c1, ...
Table text_table(std::size_t count);

}  // namespace muster
