// The parse of one buffer:
//  1. A piece of 64 KiB is indexed: positions of delimiters, quotes and line ends.
//  2. The fast path takes a record if its next positions are exactly the delimiters of its columns
//     and a line end, and every field is plainly clean. It never refuses anything.
//  3. Everything else goes to the exact path: split_at and RecordCheck, byte by byte.
//  4. A record cut by the end of the piece starts the next piece.
#include "validate/detail/block_parser.h"

#include "core/text.h"
#include "validate/detail/fast_decode.h"

#include <algorithm>
#include <cstring>

namespace muster {
namespace {

constexpr std::size_t kPlainTimestampBytes = 20;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

void ParseOutput::reset() {
    records = 0;
    blank_lines = 0;
    lines = 0;
    next = 0;
    open_line = false;
    rejects.clear();
    keys = {};
}

BlockParser::BlockParser(const TablePlan& plan, const ParseOptions& options)
    : plan_(plan),
      options_(options),
      index_bytes_(index_functions().front().run),
      check_(plan),
      targets_(plan.columns.size()) {}

void BlockParser::run(const ParseInput& input,
                      ScanBlock& rows,
                      TextArena& arena,
                      ParseOutput& output) {
    input_ = input;
    rows_ = &rows;
    arena_ = &arena;
    output_ = &output;
    if (options_.keep_rows) {
        run_pieces<true>();
    } else {
        run_pieces<false>();
    }
}

template <bool kKeep>
void BlockParser::run_pieces() {
    std::size_t pos = input_.begin;
    while (pos < input_.stop) {
        const std::size_t end = std::min(input_.end, pos + kPieceBytes);
        index_bytes_(plan_.structural, input_.data, pos, end, index_);
        if (kKeep) {
            make_room(index_.count + 1);
        }
        std::size_t next = run_piece<kKeep>(pos);
        if (next == pos) {
            // The record is longer than a piece, or the last one.
            if (!exact_record(next)) {
                break;
            }
        }
        pos = next;
    }
    output_->next = pos;
}

// Takes the records of the indexed piece; returns where the first one starts that is not whole.
template <bool kKeep>
std::size_t BlockParser::run_piece(std::size_t pos) {
    const std::size_t columns = plan_.columns.size();
    const char* data = input_.data;
    const std::uint32_t* next_end = index_.positions.data();
    const std::uint32_t* last_end = next_end + index_.count;
    while (pos < input_.stop) {
        if (static_cast<std::size_t>(last_end - next_end) >= columns) [[likely]] {
            const std::size_t end = next_end[columns - 1];
            std::int64_t key = 0;
            // A CR as the last byte may be half of a CRLF; the exact path decides.
            const bool cr = data[end] == '\r' && end + 1 < input_.end;
            if ((data[end] == '\n' || cr) && fast_record<kKeep>(pos, next_end, key)) [[likely]] {
                finish_fast_record(pos, key);
                next_end += columns;
                pos = end + 1;
                if (cr && data[pos] == '\n') {
                    ++pos;
                    // The LF may lie behind the piece.
                    next_end += next_end < last_end ? 1 : 0;
                }
                continue;
            }
        }
        // A record that does not end in the piece begins the next one, unless it fills this one.
        const std::size_t piece_start = pos;
        if (next_end == last_end && index_.end < input_.end) {
            return pos;
        }
        if (!exact_record(pos)) {
            return piece_start;
        }
        if (pos >= index_.end) {
            return pos;
        }
        while (next_end < last_end && *next_end < pos) {
            ++next_end;
        }
    }
    return pos;
}

template <bool kKeep>
[[gnu::always_inline]] inline bool BlockParser::fast_record(std::size_t begin,
                                                            const std::uint32_t* ends,
                                                            std::int64_t& key) {
    const std::size_t columns = plan_.columns.size();
    const char* data = input_.data;
    const char delimiter = plan_.split.delimiter;
    const std::size_t record_end = ends[columns - 1];
    if (record_end - begin - 1 >= plan_.split.record_bytes_max) {  // empty records as well
        return false;
    }
    // Locals, since the columns are written as bytes and could alias every member.
    const ColumnPlan* plans = plan_.columns.data();
    const ColumnTarget* targets = targets_.data();
    const std::size_t row = kKeep ? rows_->rows : 0;
    std::size_t field = begin;
    for (std::size_t i = 0; i < columns; ++i) {
        const std::size_t end = ends[i];
        if (i + 1 < columns && data[end] != delimiter) {
            return false;
        }
        if (!fast_field<kKeep>({plans[i], targets[i], i, row}, data, field, end, key)) {
            return false;
        }
        field = end + 1;
    }
    if (index_.special_within(begin, record_end)) [[unlikely]] {
        const std::string_view record(data + begin, record_end - begin);
        return std::memchr(record.data(), 0, record.size()) == nullptr && valid_utf8(record);
    }
    return true;
}

template <bool kKeep>
[[gnu::always_inline]] inline bool BlockParser::fast_field(const FieldPlace& place,
                                                           const char* data,
                                                           std::size_t begin,
                                                           std::size_t end,
                                                           std::int64_t& key) {
    const ColumnPlan& plan = place.plan;
    const char* text = data + begin;
    const std::size_t bytes = end - begin;
    if (plan.op == FieldOp::kString) {
        return fast_text<kKeep>(place, data, begin, end);
    }
    if (bytes == 0 && plan.nullable && plan.op != FieldOp::kGeneral) {
        store_null<kKeep>(place);
        return true;
    }
    std::int64_t value = 0;
    bool good = false;
    if (plan.op == FieldOp::kInteger) {
        good = bytes > 0 && fast_integer(text, bytes, value);
    } else if (plan.op == FieldOp::kTimestamp) {
        good = bytes == kPlainTimestampBytes && fast_timestamp(text, value);
    }
    if (!good || value < plan.low || value > plan.high || plan_.maybe_null_text(bytes)) {
        return general_field(place.column, begin, end, key);
    }
    if (kKeep) {
        place.target.valid[place.row] = 1;
        if (plan.width_bytes == sizeof(std::int64_t)) {
            std::memcpy(place.target.values + place.row * sizeof value, &value, sizeof value);
        } else {
            const auto narrow = static_cast<std::int32_t>(value);
            std::memcpy(place.target.values + place.row * sizeof narrow, &narrow, sizeof narrow);
        }
    }
    if (static_cast<int>(place.column) == plan_.key_column) {
        key = value;
        key_null_ = false;
    }
    return true;
}

template <bool kKeep>
[[gnu::always_inline]] inline bool BlockParser::fast_text(const FieldPlace& place,
                                                          const char* data,
                                                          std::size_t begin,
                                                          std::size_t end) {
    const ColumnPlan& plan = place.plan;
    if (begin < end && (is_blank(data[begin]) || is_blank(data[end - 1])) && plan_.table.trim) {
        const std::string_view trimmed = trim_blanks({data + begin, end - begin});
        begin = static_cast<std::size_t>(trimmed.data() - data);
        end = begin + trimmed.size();
    }
    const std::size_t bytes = end - begin;
    if (bytes < plan.safe_bytes_min || bytes > plan.safe_bytes_max ||
        plan_.maybe_null_text(bytes)) {
        std::int64_t unused = 0;
        return general_field(place.column, begin, end, unused);
    }
    if (kKeep) {
        place.target.valid[place.row] = 1;
        const StringRef value{data + begin, static_cast<std::uint32_t>(bytes)};
        std::memcpy(place.target.values + place.row * sizeof value, &value, sizeof value);
    }
    if (static_cast<int>(place.column) == plan_.key_column) {
        key_text_ = {data + begin, bytes};
        key_null_ = false;
    }
    return true;
}

bool BlockParser::general_field(std::size_t column,
                                std::size_t begin,
                                std::size_t end,
                                std::int64_t& key) {
    const std::string_view text(input_.data + begin, end - begin);
    if (check_field(plan_, column, text, scratch_, nullptr) != FieldVerdict::kClean) {
        return false;
    }
    if (options_.keep_rows) {
        store_value(rows_->columns[column], rows_->rows, scratch_);
    }
    if (static_cast<int>(column) == plan_.key_column) {
        key = scratch_.integer;
        key_text_ = scratch_.text;
        key_null_ = scratch_.null;
    }
    return true;
}

template <bool kKeep>
[[gnu::always_inline]] inline void BlockParser::store_null(const FieldPlace& place) {
    if (kKeep) {
        place.target.valid[place.row] = 0;
        rows_->columns[place.column].has_null = true;
    }
    if (static_cast<int>(place.column) == plan_.key_column) {
        key_null_ = true;
    }
}

[[gnu::always_inline]] inline void BlockParser::finish_fast_record(std::size_t begin,
                                                                   std::int64_t key) {
    ++output_->records;
    ++output_->lines;
    if (plan_.key_column >= 0) {
        if (key_null_) {
            output_->keys.rising = false;
        } else if (plan_.key_is_text) {
            output_->keys.add_text(key_text_);
        } else {
            output_->keys.add(key);
        }
    }
    if (options_.keep_rows) {
        rows_->offsets[rows_->rows] = input_.data_offset + begin;
        if (options_.emit_decoded_rejects) {
            rows_->refused[rows_->rows] = 0;
        }
        ++rows_->rows;
    }
}

// Takes the line or record at `pos`. False: it is not whole, nothing is taken.
bool BlockParser::exact_record(std::size_t& pos) {
    const Split split = split_at(plan_.split, input_.data, pos, input_.end, input_.at_end, fields_);
    switch (split.status) {
        case SplitStatus::kIncomplete:
            return false;
        case SplitStatus::kOpenLine:
            output_->open_line = true;
            return false;
        case SplitStatus::kBlank:
            ++output_->blank_lines;
            break;
        case SplitStatus::kRecord:
            keep_exact_record(pos, split);
            break;
        case SplitStatus::kStrayQuote:
        case SplitStatus::kUnterminatedQuote:
        case SplitStatus::kTooLong:
            refuse(pos, split, false);
            break;
    }
    output_->lines += split.lines;
    pos = split.next;
    return true;
}

void BlockParser::keep_exact_record(std::size_t pos, const Split& split) {
    const RecordVerdict verdict =
        check_.run(input_.data, pos, split.end, fields_, *arena_, nullptr);
    const bool clean = verdict == RecordVerdict::kClean;
    const bool decoded = verdict != RecordVerdict::kRefused;
    if (clean) {
        ++output_->records;
        if (plan_.key_column >= 0) {
            add_key(check_.values()[static_cast<std::size_t>(plan_.key_column)]);
        }
    } else {
        refuse(pos, split, decoded);
    }
    if (!options_.keep_rows || !(clean || (decoded && options_.emit_decoded_rejects))) {
        return;
    }
    make_room(1);
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
        store_value(rows_->columns[i], rows_->rows, check_.values()[i]);
    }
    rows_->offsets[rows_->rows] = input_.data_offset + pos;
    if (options_.emit_decoded_rejects) {
        rows_->refused[rows_->rows] = clean ? 0 : 1;
    }
    ++rows_->rows;
}

void BlockParser::refuse(std::size_t pos, const Split& split, bool decoded) {
    ++output_->records;
    output_->rejects.push_back({static_cast<std::uint32_t>(pos),
                                static_cast<std::uint32_t>(split.end - pos),
                                static_cast<std::uint32_t>(output_->lines),
                                split.status,
                                decoded});
}

void BlockParser::add_key(const FieldValue& value) {
    if (value.null) {
        output_->keys.rising = false;
    } else if (plan_.key_is_text) {
        output_->keys.add_text(value.text);
    } else {
        output_->keys.add(value.integer);
    }
}

void BlockParser::make_room(std::size_t records) {
    reserve_rows(*rows_, rows_->rows + records, options_.emit_decoded_rejects);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        targets_[i] = {rows_->columns[i].values.data(), rows_->columns[i].valid.data()};
    }
}

}  // namespace muster
