// Record splitting once more, written as plainly as the rules read (catalog.md, Record splitting):
// the whole text in memory, one byte after the other. The scan is compared with it.
#pragma once

#include "validate/reject.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct ReferenceRules {
    char delimiter = ',';
    char quote = '"';  // '\0' = quoting is off
    std::size_t record_bytes_max = 1U << 20;
    std::size_t columns = 1;
};

struct ReferenceRecord {
    std::uint64_t line = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::vector<RejectCode> codes;    // of record.*, empty = it splits into its columns
    std::vector<std::string> fields;  // unquoted, not trimmed; empty for records that do not split
};

struct ReferenceSplit {
    std::vector<ReferenceRecord> records;
    std::uint64_t blank_lines = 0;
};

// Splits a text that is neither empty nor UTF-16.
ReferenceSplit reference_split(const ReferenceRules& rules, std::string_view text);

}  // namespace muster
