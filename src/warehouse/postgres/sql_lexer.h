// The tokens of a statement of PostgreSQL: enough to tell a name from what stands in a string, a
// quoted name or a comment. Needs standard_conforming_strings = on. A pure function of the text.
#pragma once

#include <cstddef>
#include <string_view>

namespace muster {

enum class SqlTokenKind {
    kEnd,
    kSpace,       // blanks and comments
    kWord,        // select, my_table
    kQuotedName,  // "my table", U&"my\0020table"
    kString,      // 'x', E'x', U&'x', $$x$$, $tag$x$tag$
    kParameter,   // $name; not $1
    kOther,       // numbers, operators, parentheses, $1: any other byte or number
};

struct SqlToken {
    SqlTokenKind kind = SqlTokenKind::kEnd;
    std::string_view text;  // as it stands there
};

// Something that is not closed reaches to the end.
class SqlLexer {
  public:
    explicit SqlLexer(std::string_view sql) : sql_(sql) {}
    SqlToken next();

  private:
    std::size_t end_of_token(SqlTokenKind& kind) const;
    std::size_t end_of_block_comment(std::size_t from) const;
    std::size_t end_of_quoted(std::size_t from, char quote, bool backslash) const;
    std::size_t end_of_dollar(SqlTokenKind& kind) const;
    std::size_t end_of_word(std::size_t from) const;
    char at(std::size_t offset) const { return offset < sql_.size() ? sql_[offset] : '\0'; }

    std::string_view sql_;
    std::size_t at_ = 0;
};

}  // namespace muster
