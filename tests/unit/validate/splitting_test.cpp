// Record splitting rule by rule (catalog.md), with every case also checked against the reference.
#include "support/reference_compare.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

using namespace std::string_literals;

struct SplitCase {
    const char* name;
    std::string text;
    std::size_t columns;
    std::size_t limit;
    // "offset:value|value" of clean rows, then "line@offset+length code,code" of rejects.
    std::vector<std::string> rows;
    std::vector<std::string> rejects;
    std::uint64_t blank_lines = 0;
};

constexpr std::size_t kNoLimit = 1U << 20;

const std::vector<SplitCase> kCases = {
    {"the last record may lack its line end", "a,b\nc,d", 2, kNoLimit, {"0:a|b", "4:c|d"}, {}},
    {"LF, CRLF and lone CR end lines",
     "a\nb\r\nc\rd",
     1,
     kNoLimit,
     {"0:a", "2:b", "5:c", "7:d"},
     {}},
    {"LF CR is two line ends", "a\n\rb\n", 1, kNoLimit, {"0:a", "3:b"}, {}, 1},
    {"blank lines are skipped, also with one column",
     "\na\n\n\r\nb\n",
     1,
     kNoLimit,
     {"1:a", "6:b"},
     {},
     3},
    {"a line of spaces is a record", "  \n", 1, kNoLimit, {"0:<null>"}, {}},
    {"line ends inside quotes are kept", "\"a\r\nb\",c\n", 2, kNoLimit, {"0:a\r\nb|c"}, {}},
    {"line ends inside quotes count as lines",
     "\"a\nb\rc\r\nd\",e\nx\n",
     2,
     kNoLimit,
     {"0:a\nb\rc\r\nd|e"},
     {"5@13+1 record.too_few_fields"}},
    {"a byte order mark is not part of the first record",
     "\xEF\xBB\xBF"
     "a\n\xEF\xBB\xBF\n",
     1,
     kNoLimit,
     {"3:a", "5:\xEF\xBB\xBF"},
     {}},
    {"doubled quotes stand for one", "\"a\"\"b\",\"\"\"\"\n", 2, kNoLimit, {"0:a\"b|\""}, {}},
    {"a quoted empty value is NULL", "\"\",x\n", 2, kNoLimit, {"0:<null>|x"}, {}},
    {"blanks are trimmed inside quotes too", "\" a\t\",  b \n", 2, kNoLimit, {"0:a|b"}, {}},
    {"a quote inside an unquoted field",
     "1,a\"b\nc,d\n",
     2,
     kNoLimit,
     {"6:c|d"},
     {"1@0+5 record.stray_quote"}},
    {"a space before the quote", "1, \"a\"\n", 2, kNoLimit, {}, {"1@0+6 record.stray_quote"}},
    {"a space after the closing quote",
     "\"a\" ,b\n",
     2,
     kNoLimit,
     {},
     {"1@0+6 record.stray_quote"}},
    {"one bad quote costs one line",
     "1,\"a\nb\",c\"d\n2,e\n",
     2,
     kNoLimit,
     {"12:2|e"},
     {"1@0+4 record.stray_quote", "2@5+6 record.stray_quote"}},
    {"an open quote at the end of the file",
     "1,\"a\nb,c\n",
     2,
     kNoLimit,
     {"5:b|c"},
     {"1@0+4 record.unterminated_quote"}},
    {"exactly the limit is allowed", "12,45\n", 2, 5, {"0:12|45"}, {}},
    {"exactly the limit with CRLF", "12,45\r\n", 2, 5, {"0:12|45"}, {}},
    {"exactly the limit in quotes", "\"2\",5\n", 2, 5, {"0:2|5"}, {}},
    {"a byte over the limit", "12,456\na,b\n", 2, 5, {"7:a|b"}, {"1@0+6 record.too_long"}},
    {"the first line is measured before its quotes",
     "a\"b\"c\"d\nx\n",
     1,
     5,
     {"8:x"},
     {"1@0+7 record.too_long"}},
    {"inside quotes at the limit",
     "\"a\nbcdef\"\nx\n",
     1,
     5,
     {"10:x"},
     {"1@0+2 record.unterminated_quote", "2@3+6 record.too_long"}},
    {"outside quotes at the limit",
     "\"a\nb\",cd\nx,y\n",
     2,
     6,
     {"9:x|y"},
     {"1@0+2 record.too_long", "2@3+5 record.stray_quote"}},
    {"a doubled quote over the limit is inside",
     "\"a\nb\"\"c\"\nx\n",
     1,
     5,
     {"9:x"},
     {"1@0+2 record.unterminated_quote", "2@3+5 record.stray_quote"}},
    {"too few and too many fields",
     "a\na,b,c\n",
     2,
     kNoLimit,
     {},
     {"1@0+1 record.too_few_fields", "2@2+5 record.too_many_fields"}},
    {"all faults of the shape are listed",
     "a\0\xFF,b,c\n"s,
     2,
     kNoLimit,
     {},
     {"1@0+7 record.nul_byte,record.invalid_utf8,record.too_many_fields"}},
    {"overlong UTF-8", "\xC0\xAF\n", 1, kNoLimit, {}, {"1@0+2 record.invalid_utf8"}},
    {"a surrogate", "\xED\xA0\x80\n", 1, kNoLimit, {}, {"1@0+3 record.invalid_utf8"}},
    {"above U+10FFFF", "\xF4\x90\x80\x80\n", 1, kNoLimit, {}, {"1@0+4 record.invalid_utf8"}},
    {"a cut sequence",
     "\xC3\n\xA9\n",
     1,
     kNoLimit,
     {},
     {"1@0+1 record.invalid_utf8", "2@2+1 record.invalid_utf8"}},
    {"blank lines only", "\n\r\n\r", 1, kNoLimit, {}, {}, 3},
};

std::string row_text(const RowOutcome& row) {
    std::string text = std::to_string(row.offset) + ":";
    for (std::size_t i = 0; i < row.values.size(); ++i) {
        text += (i == 0 ? "" : "|") + row.values[i];
    }
    return text;
}

std::string reject_text(const RejectOutcome& reject) {
    std::string text = std::to_string(reject.line) + "@" + std::to_string(reject.offset) + "+" +
                       std::to_string(reject.length) + " ";
    for (std::size_t i = 0; i < reject.codes.size(); ++i) {
        text += (i == 0 ? "" : ",") + reject.codes[i];
    }
    return text;
}

TEST(SplittingTest, Rules) {
    for (const SplitCase& c : kCases) {
        SCOPED_TRACE(c.name);
        Table table = text_table(c.columns);
        table.max_record_bytes = c.limit;
        for (const std::size_t block_bytes : {std::size_t{1}, std::size_t{3}, kScanBlockBytes}) {
            const OutcomeOptions options{.block_bytes = block_bytes, .threads = 2};
            const ScanOutcome outcome = scan_outcome(table, c.text, options);
            std::vector<std::string> rows;
            for (const RowOutcome& row : outcome.rows) {
                rows.push_back(row_text(row));
            }
            std::vector<std::string> rejects;
            for (const RejectOutcome& reject : outcome.rejects) {
                rejects.push_back(reject_text(reject));
                EXPECT_EQ(reject.raw, c.text.substr(reject.offset, reject.length));
            }
            EXPECT_EQ(rows, c.rows);
            EXPECT_EQ(rejects, c.rejects);
            EXPECT_EQ(outcome.counts.blank_lines, c.blank_lines);
            EXPECT_EQ(outcome.counts.read, c.rows.size() + c.rejects.size());
            EXPECT_EQ(reference_difference(table, c.text, options), "");
        }
    }
}

TEST(SplittingTest, QuotingSwitchedOff) {
    Table table = text_table(2);
    table.quote = '\0';
    const ScanOutcome outcome = scan_outcome(table, "\"a,b\"c\n");
    ASSERT_EQ(outcome.rows.size(), 1U);
    EXPECT_EQ(outcome.rows[0].values, (std::vector<std::string>{"\"a", "b\"c"}));
}

TEST(SplittingTest, OtherDelimiterAndQuote) {
    Table table = text_table(2);
    table.delimiter = '\t';
    table.quote = '\'';
    const ScanOutcome outcome = scan_outcome(table, "'a\tb'\tc\"d\n\t\n");
    ASSERT_EQ(outcome.rows.size(), 2U);
    EXPECT_EQ(outcome.rows[0].values, (std::vector<std::string>{"a\tb", "c\"d"}));
    EXPECT_EQ(outcome.rows[1].values, (std::vector<std::string>{"<null>", "<null>"}));
}

// The raw record is kept up to its limit, its length and hash cover all of it.
TEST(SplittingTest, LongLinesAreSkippedInBoundedForm) {
    Table table = text_table(1);
    table.max_record_bytes = 100;
    const std::string line(3 * kRejectRawBytesMax, 'x');
    const std::string text = "a\n" + line + "\r\nb\n";
    for (const std::size_t block_bytes : {std::size_t{1000}, kScanBlockBytes}) {
        const ScanOutcome outcome = scan_outcome(table, text, {.block_bytes = block_bytes});
        ASSERT_EQ(outcome.rejects.size(), 1U);
        const RejectOutcome& reject = outcome.rejects[0];
        EXPECT_EQ(reject.line, 2U);
        EXPECT_EQ(reject.offset, 2U);
        EXPECT_EQ(reject.length, line.size());
        EXPECT_EQ(reject.raw, line.substr(0, kRejectRawBytesMax));
        EXPECT_EQ(reject.hash, raw_hash_text(hash_raw(line)));
        EXPECT_EQ(outcome.rows.back().offset, line.size() + 4);
    }
}

}  // namespace
}  // namespace muster
