// The exact splitter of one record (catalog.md, Record splitting, rules 1 to 5). Byte-wise, without
// state between calls: the same record always splits alike, whatever buffer it lies in.
#pragma once

#include "catalog/catalog.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct SplitRules {
    char delimiter = ',';
    char quote = '"';
    bool quoting = true;
    std::size_t record_bytes_max = 0;

    static SplitRules of(const Table& table);
};

// The content of one field, without its outer quotes. Positions are those of the buffer.
struct SplitField {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool escaped = false;  // holds doubled quotes
};

enum class SplitStatus : std::uint8_t {
    kRecord,
    kBlank,
    kStrayQuote,  // these three: extent and next are those of the first physical line
    kUnterminatedQuote,
    kTooLong,
    kIncomplete,  // more bytes are needed; at most record_bytes_max + 1 are there
    kOpenLine,    // too long, and the end of its first physical line is not there yet
};

struct Split {
    SplitStatus status = SplitStatus::kIncomplete;
    std::size_t end = 0;      // of the extent, before its line end
    std::size_t next = 0;     // where the next line starts
    std::uint64_t lines = 1;  // physical lines taken
};

// Splits the record that starts at `pos` (a line start) of data[0, end). `at_end`: nothing follows
// data[end - 1]. Requires: pos < end. Fields are set for kRecord only.
Split split_at(const SplitRules& rules,
               const char* data,
               std::size_t pos,
               std::size_t end,
               bool at_end,
               std::vector<SplitField>& fields);

// The position of the first CR or LF in data[pos, end), or `end`.
std::size_t find_line_end(const char* data, std::size_t pos, std::size_t end);

// Physical line ends within `text`.
std::uint64_t count_line_ends(std::string_view text);

// Content of a field with doubled quotes made single.
void append_unescaped(std::string& out, std::string_view content, char quote);

}  // namespace muster
