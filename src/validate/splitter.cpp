#include "validate/detail/splitter.h"

#include <algorithm>
#include <cstring>

namespace muster {
namespace {

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Where the first physical line ends and the next one starts. `known` is false while a CR at the
// end of the data may still be the first half of a CRLF, or no line end is there.
struct FirstLine {
    std::size_t end;
    std::size_t next;
    bool known;
};

FirstLine first_line(const char* data, std::size_t pos, std::size_t end, bool at_end) {
    const std::size_t line_end = find_line_end(data, pos, end);
    if (line_end == end) {
        return {end, end, at_end};
    }
    if (data[line_end] == '\n') {
        return {line_end, line_end + 1, true};
    }
    if (line_end + 1 == end) {
        return {line_end, end, at_end};
    }
    return {line_end, line_end + (data[line_end + 1] == '\n' ? 2U : 1U), true};
}

// Walks the fields of one record. Bytes before `hard_end_` (the limit or the end of the data) may
// be consumed; one byte beyond the limit may be looked at, since a line end there completes it.
class FieldWalk {
  public:
    FieldWalk(const SplitRules& rules,
              const char* data,
              std::size_t pos,
              std::size_t end,
              bool at_end,
              std::vector<SplitField>& fields)
        : rules_(rules),
          data_(data),
          pos_(pos),
          end_(end),
          at_end_(at_end),
          limit_(pos + rules.record_bytes_max),
          hard_end_(std::min(end, limit_)),
          fields_(fields) {}

    // kRecord with record_end() set, a fault, or kIncomplete.
    SplitStatus run() {
        fields_.clear();
        for (;;) {
            const bool quoted = rules_.quoting && pos_ < hard_end_ && data_[pos_] == rules_.quote;
            const SplitStatus status = quoted ? quoted_field() : plain_field();
            if (status != SplitStatus::kBlank) {
                return status;
            }
        }
    }

    std::size_t record_end() const { return pos_; }

  private:
    // kBlank stands for: the field ended with a delimiter, go on with the next one.
    static constexpr SplitStatus kNextField = SplitStatus::kBlank;

    SplitStatus plain_field() {
        const std::size_t begin = pos_;
        for (; pos_ < hard_end_; ++pos_) {
            const char c = data_[pos_];
            if (c == rules_.delimiter || is_line_end(c)) {
                break;
            }
            if (rules_.quoting && c == rules_.quote) {
                return SplitStatus::kStrayQuote;
            }
        }
        if (pos_ == end_ && !at_end_) {
            return SplitStatus::kIncomplete;
        }
        fields_.push_back({begin, pos_, false});
        return after_field(SplitStatus::kTooLong);
    }

    SplitStatus quoted_field() {
        const std::size_t begin = ++pos_;
        bool escaped = false;
        for (;;) {
            const void* found = std::memchr(data_ + pos_, rules_.quote, hard_end_ - pos_);
            if (found == nullptr) {
                const bool decided = at_end_ || hard_end_ == limit_;
                return decided ? SplitStatus::kUnterminatedQuote : SplitStatus::kIncomplete;
            }
            const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - data_);
            pos_ = quote + 1;
            if (pos_ == end_ && !at_end_) {
                return SplitStatus::kIncomplete;
            }
            if (pos_ == end_ || data_[pos_] != rules_.quote) {
                fields_.push_back({begin, quote, escaped});
                return after_field(SplitStatus::kStrayQuote);
            }
            if (pos_ == limit_) {
                return SplitStatus::kUnterminatedQuote;
            }
            escaped = true;
            ++pos_;
        }
    }

    // At the byte that should end the field.
    SplitStatus after_field(SplitStatus fault) {
        if (pos_ == end_ || is_line_end(data_[pos_])) {
            return SplitStatus::kRecord;
        }
        if (pos_ == limit_) {
            return SplitStatus::kTooLong;
        }
        if (data_[pos_] == rules_.delimiter) {
            ++pos_;
            return kNextField;
        }
        return fault;
    }

    const SplitRules& rules_;
    const char* data_;
    std::size_t pos_;
    std::size_t end_;
    bool at_end_;
    std::size_t limit_;
    std::size_t hard_end_;
    std::vector<SplitField>& fields_;
};

}  // namespace

SplitRules SplitRules::of(const Table& table) {
    return {table.delimiter, table.quote, table.quote != '\0', table.max_record_bytes};
}

Split split_at(const SplitRules& rules,
               const char* data,
               std::size_t pos,
               std::size_t end,
               bool at_end,
               std::vector<SplitField>& fields) {
    const FirstLine line = first_line(data, pos, end, at_end);
    if (line.end - pos > rules.record_bytes_max) {
        const auto status = line.known ? SplitStatus::kTooLong : SplitStatus::kOpenLine;
        return {status, line.end, line.next, 1};
    }
    if (!line.known) {
        return {};
    }
    if (line.end == pos) {
        return {SplitStatus::kBlank, line.end, line.next, 1};
    }
    FieldWalk walk(rules, data, pos, end, at_end, fields);
    const SplitStatus status = walk.run();
    if (status == SplitStatus::kIncomplete) {
        return {};
    }
    if (status != SplitStatus::kRecord) {
        return {status, line.end, line.next, 1};
    }
    const std::size_t record_end = walk.record_end();
    if (record_end == line.end) {
        return {status, line.end, line.next, 1};
    }
    const FirstLine last = first_line(data, record_end, end, at_end);
    if (!last.known) {
        return {};
    }
    const std::uint64_t inside = count_line_ends({data + pos, record_end - pos});
    return {status, record_end, last.next, inside + 1};
}

std::size_t find_line_end(const char* data, std::size_t pos, std::size_t end) {
    // Windows keep the search linear where one of the two bytes is rare.
    constexpr std::size_t kWindowBytes = 256;
    while (pos < end) {
        std::size_t window = std::min(kWindowBytes, end - pos);
        const void* lf = std::memchr(data + pos, '\n', window);
        if (lf != nullptr) {
            window = static_cast<std::size_t>(static_cast<const char*>(lf) - (data + pos));
        }
        const void* cr = std::memchr(data + pos, '\r', window);
        if (cr != nullptr) {
            return static_cast<std::size_t>(static_cast<const char*>(cr) - data);
        }
        pos += window;
        if (lf != nullptr) {
            return pos;
        }
    }
    return end;
}

std::uint64_t count_line_ends(std::string_view text) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool cr_of_crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        count += is_line_end(text[i]) && !cr_of_crlf ? 1U : 0U;
    }
    return count;
}

void append_unescaped(std::string& out, std::string_view content, char quote) {
    for (std::size_t i = 0; i < content.size(); ++i) {
        out.push_back(content[i]);
        if (content[i] == quote) {
            ++i;  // the splitter guarantees a second one
        }
    }
}

}  // namespace muster
