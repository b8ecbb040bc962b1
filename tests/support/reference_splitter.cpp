#include "support/reference_splitter.h"

namespace muster {
namespace {

struct Line {
    std::size_t begin;
    std::size_t end;
    std::size_t next;
};

// Rule 1: each LF, CRLF or lone CR ends one physical line.
std::vector<Line> physical_lines(std::string_view text, std::size_t start) {
    std::vector<Line> lines;
    std::size_t begin = start;
    for (std::size_t i = start; i < text.size(); ++i) {
        if (text[i] == '\n') {
            lines.push_back({begin, i, i + 1});
            begin = i + 1;
        } else if (text[i] == '\r') {
            const bool crlf = i + 1 < text.size() && text[i + 1] == '\n';
            lines.push_back({begin, i, i + (crlf ? 2U : 1U)});
            i += crlf ? 1U : 0U;
            begin = i + 1;
        }
    }
    if (begin < text.size()) {
        lines.push_back({begin, text.size(), text.size()});
    }
    return lines;
}

bool utf8_is_valid(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto first = static_cast<unsigned char>(text[i]);
        std::size_t more = 0;
        std::uint32_t point = first;
        std::uint32_t least = 0;
        if (first >= 0xF0 && first <= 0xF7) {
            more = 3;
            point = first & 0x07U;
            least = 0x10000;
        } else if (first >= 0xE0 && first <= 0xEF) {
            more = 2;
            point = first & 0x0FU;
            least = 0x800;
        } else if (first >= 0xC0 && first <= 0xDF) {
            more = 1;
            point = first & 0x1FU;
            least = 0x80;
        } else if (first >= 0x80) {
            return false;
        }
        for (std::size_t k = 1; k <= more; ++k) {
            if (i + k >= text.size() ||
                (static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) {
                return false;
            }
            point = point << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
        }
        if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

// Rules 2 to 4: one record from its first byte.
struct Walk {
    std::optional<RejectCode> fault;
    std::size_t end = 0;
    std::vector<std::string> fields;
};

Walk walk_record(const ReferenceRules& rules, std::string_view text, std::size_t begin) {
    enum class State { kFieldStart, kPlain, kQuoted, kQuoteSeen };
    State state = State::kFieldStart;
    Walk walk;
    walk.fields.emplace_back();
    for (std::size_t i = begin;; ++i) {
        if (i == text.size()) {
            if (state == State::kQuoted) {
                walk.fault = RejectCode::kRecordUnterminatedQuote;
            }
            walk.end = i;
            return walk;
        }
        const char c = text[i];
        const bool is_quote = rules.quote != '\0' && c == rules.quote;
        if (state != State::kQuoted && (c == '\n' || c == '\r')) {
            walk.end = i;
            return walk;
        }
        if (i - begin == rules.record_bytes_max) {
            const bool inside = state == State::kQuoted || (state == State::kQuoteSeen && is_quote);
            walk.fault = inside ? RejectCode::kRecordUnterminatedQuote : RejectCode::kRecordTooLong;
            return walk;
        }
        if (state == State::kQuoted) {
            if (is_quote) {
                state = State::kQuoteSeen;
            } else {
                walk.fields.back().push_back(c);
            }
        } else if (state == State::kQuoteSeen && is_quote) {
            walk.fields.back().push_back(c);
            state = State::kQuoted;
        } else if (c == rules.delimiter) {
            walk.fields.emplace_back();
            state = State::kFieldStart;
        } else if (state == State::kFieldStart && is_quote) {
            state = State::kQuoted;
        } else if (is_quote || state == State::kQuoteSeen) {
            walk.fault = RejectCode::kRecordStrayQuote;
            return walk;
        } else {
            walk.fields.back().push_back(c);
            state = State::kPlain;
        }
    }
}

// Rule 7.
std::vector<RejectCode> shape_codes(const ReferenceRules& rules,
                                    std::string_view record,
                                    std::size_t fields) {
    std::vector<RejectCode> codes;
    if (record.find('\0') != std::string_view::npos) {
        codes.push_back(RejectCode::kRecordNulByte);
    }
    if (!utf8_is_valid(record)) {
        codes.push_back(RejectCode::kRecordInvalidUtf8);
    }
    if (fields < rules.columns) {
        codes.push_back(RejectCode::kRecordTooFewFields);
    }
    if (fields > rules.columns) {
        codes.push_back(RejectCode::kRecordTooManyFields);
    }
    return codes;
}

}  // namespace

ReferenceSplit reference_split(const ReferenceRules& rules, std::string_view text) {
    ReferenceSplit split;
    const std::size_t start = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    const std::vector<Line> lines = physical_lines(text, start);
    std::size_t number = 0;
    while (number < lines.size()) {
        const Line& line = lines[number];
        if (line.begin == line.end) {
            ++split.blank_lines;
            ++number;
            continue;
        }
        ReferenceRecord record;
        record.line = number + 1;
        record.offset = line.begin;
        record.length = line.end - line.begin;
        Walk walk;
        if (record.length > rules.record_bytes_max) {
            walk.fault = RejectCode::kRecordTooLong;
        } else {
            walk = walk_record(rules, text, line.begin);
        }
        if (walk.fault.has_value()) {
            record.codes = {*walk.fault};
            ++number;
        } else {
            record.length = walk.end - line.begin;
            record.codes =
                shape_codes(rules, text.substr(line.begin, record.length), walk.fields.size());
            record.fields = walk.fields;
            while (lines[number].end != walk.end) {
                ++number;
            }
            ++number;
        }
        split.records.push_back(record);
    }
    return split;
}

}  // namespace muster
