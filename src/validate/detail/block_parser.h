// Parses records out of a buffer into columns, with the fast path over the structural index and the
// exact path for everything that is not plain. Knows nothing of other blocks.
#pragma once

#include "validate/detail/record_check.h"
#include "validate/detail/row_store.h"
#include "validate/detail/structural_index.h"
#include "validate/detail/table_plan.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster {

struct ParseOptions {
    bool keep_rows = true;
    bool emit_decoded_rejects = false;
};

struct ParseInput {
    const char* data = nullptr;     // kPaddingBytes are readable behind `end`
    std::size_t begin = 0;          // a line start
    std::size_t stop = 0;           // no record begins at or after it
    std::size_t end = 0;            // of the bytes that may be looked at; below 2^32
    bool at_end = false;            // nothing follows data[end - 1]
    std::uint64_t data_offset = 0;  // of data[0] in the object
};

// A refused record by its place; its reasons are found again when it is delivered.
struct RejectMark {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
    std::uint32_t line = 0;  // relative to the parse
    SplitStatus status = SplitStatus::kRecord;
    bool decoded = false;
};

struct ParseOutput {
    std::uint64_t records = 0;
    std::uint64_t blank_lines = 0;
    std::uint64_t lines = 0;
    std::size_t next = 0;    // where the parse stopped: at or behind `stop`, or before an
    bool open_line = false;  // incomplete record, or before a line too long whose end is not known
    std::vector<RejectMark> rejects;
    KeySummary keys;

    void reset();
};

// Owned by one thread.
class BlockParser {
  public:
    BlockParser(const TablePlan& plan, const ParseOptions& options);

    // Appends rows to `rows`; texts point into the input's data or into `arena`.
    void run(const ParseInput& input, ScanBlock& rows, TextArena& arena, ParseOutput& output);

  private:
    struct ColumnTarget {
        std::byte* values;
        std::uint8_t* valid;
    };

    // Where the fast path puts a field.
    struct FieldPlace {
        const ColumnPlan& plan;
        ColumnTarget target;
        std::size_t column;
        std::size_t row;
    };

    template <bool kKeep>
    void run_pieces();
    template <bool kKeep>
    std::size_t run_piece(std::size_t pos);
    template <bool kKeep>
    bool fast_record(std::size_t begin, const std::uint32_t* ends, std::int64_t& key);
    template <bool kKeep>
    bool fast_field(const FieldPlace& place,
                    const char* data,
                    std::size_t begin,
                    std::size_t end,
                    std::int64_t& key);
    template <bool kKeep>
    bool fast_text(const FieldPlace& place, const char* data, std::size_t begin, std::size_t end);
    bool general_field(std::size_t column, std::size_t begin, std::size_t end, std::int64_t& key);
    template <bool kKeep>
    void store_null(const FieldPlace& place);
    void finish_fast_record(std::size_t begin, std::int64_t key);
    bool exact_record(std::size_t& pos);
    void keep_exact_record(std::size_t pos, const Split& split);
    void refuse(std::size_t pos, const Split& split, bool decoded);
    void add_key(const FieldValue& value);
    void make_room(std::size_t records);

    const TablePlan& plan_;
    ParseOptions options_;
    IndexFunction index_bytes_;
    PieceIndex index_;
    RecordCheck check_;
    std::vector<SplitField> fields_;
    std::vector<ColumnTarget> targets_;
    FieldValue scratch_;
    std::string_view key_text_;
    bool key_null_ = false;

    // Of the run under way.
    ParseInput input_;
    ScanBlock* rows_ = nullptr;
    TextArena* arena_ = nullptr;
    ParseOutput* output_ = nullptr;
};

}  // namespace muster
