#include "warehouse/postgres/sql_lexer.h"

#include <algorithm>

namespace muster {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Any byte above ASCII is a letter for PostgreSQL.
bool starts_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

bool in_tag(char c) { return starts_word(c) || is_digit(c); }

}  // namespace

SqlToken SqlLexer::next() {
    if (at_ >= sql_.size()) {
        return {};
    }
    SqlToken token;
    const std::size_t end = std::min(end_of_token(token.kind), sql_.size());
    token.text = sql_.substr(at_, end - at_);
    at_ = end;
    return token;
}

std::size_t SqlLexer::end_of_token(SqlTokenKind& kind) const {
    const char c = at(at_);
    const char after = at(at_ + 1);
    kind = SqlTokenKind::kSpace;
    if (is_blank(c)) {
        std::size_t end = at_ + 1;
        while (is_blank(at(end))) {
            ++end;
        }
        return end;
    }
    if (c == '-' && after == '-') {
        return sql_.find('\n', at_);
    }
    if (c == '/' && after == '*') {
        return end_of_block_comment(at_);
    }
    kind = SqlTokenKind::kString;
    if (c == '\'') {
        return end_of_quoted(at_ + 1, '\'', false);
    }
    if ((c == 'e' || c == 'E') && after == '\'') {
        return end_of_quoted(at_ + 2, '\'', true);
    }
    const bool unicode = (c == 'u' || c == 'U') && after == '&';
    if (unicode && at(at_ + 2) == '\'') {
        return end_of_quoted(at_ + 3, '\'', false);
    }
    if (c == '$') {
        return end_of_dollar(kind);
    }
    kind = SqlTokenKind::kQuotedName;
    if (c == '"') {
        return end_of_quoted(at_ + 1, '"', false);
    }
    if (unicode && at(at_ + 2) == '"') {
        return end_of_quoted(at_ + 3, '"', false);
    }
    kind = starts_word(c) ? SqlTokenKind::kWord : SqlTokenKind::kOther;
    return starts_word(c) || is_digit(c) ? end_of_word(at_) : at_ + 1;
}

// They nest.
std::size_t SqlLexer::end_of_block_comment(std::size_t from) const {
    int depth = 0;
    for (std::size_t i = from; i < sql_.size(); ++i) {
        if (at(i) == '/' && at(i + 1) == '*') {
            ++depth;
            ++i;
        } else if (at(i) == '*' && at(i + 1) == '/') {
            ++i;
            if (--depth == 0) {
                return i + 1;
            }
        }
    }
    return sql_.size();
}

std::size_t SqlLexer::end_of_quoted(std::size_t from, char quote, bool backslash) const {
    for (std::size_t i = from; i < sql_.size(); ++i) {
        if (backslash && at(i) == '\\') {
            ++i;
        } else if (at(i) == quote) {
            if (at(i + 1) != quote) {
                return i + 1;
            }
            ++i;
        }
    }
    return sql_.size();
}

// $tag$...$tag$ is a string, $name a parameter.
std::size_t SqlLexer::end_of_dollar(SqlTokenKind& kind) const {
    std::size_t end = at_ + 1;
    while (in_tag(at(end))) {
        ++end;
    }
    const bool number = is_digit(at(at_ + 1));
    if (at(end) == '$' && !number) {
        const std::string_view tag = sql_.substr(at_, end + 1 - at_);
        const std::size_t close = sql_.find(tag, end + 1);
        return close == std::string_view::npos ? sql_.size() : close + tag.size();
    }
    kind = number || end == at_ + 1 ? SqlTokenKind::kOther : SqlTokenKind::kParameter;
    return end;
}

std::size_t SqlLexer::end_of_word(std::size_t from) const {
    std::size_t end = from + 1;
    while (in_word(at(end))) {
        ++end;
    }
    return end;
}

}  // namespace muster
