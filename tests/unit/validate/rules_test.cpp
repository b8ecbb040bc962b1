// Values: cleaning, every type, every rule, every reason with its message.
#include "support/scan_outcome.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace muster {
namespace {

using Prepare = std::function<void(Column&)>;

struct RuleCase {
    const char* name;
    ColumnType type;
    Prepare prepare;
    std::string field;
    std::string value;                 // of the clean row; "" if it is refused
    std::vector<std::string> reasons;  // "code: message"
};

Value integer(std::int64_t value) { return value; }

constexpr ColumnType kInt32{TypeKind::kInt32};
constexpr ColumnType kInt64{TypeKind::kInt64};
constexpr ColumnType kDouble{TypeKind::kDouble};
constexpr ColumnType kBool{TypeKind::kBool};
constexpr ColumnType kString{TypeKind::kString};
constexpr ColumnType kDate{TypeKind::kDate};
constexpr ColumnType kTimestamp{TypeKind::kTimestamp};
constexpr ColumnType kNarrow{TypeKind::kDecimal, 10, 2};
constexpr ColumnType kWide{TypeKind::kDecimal, 30, 3};

void plain(Column& /*column*/) {}
void nullable(Column& column) { column.nullable = true; }
void one_to_ten(Column& column) {
    column.min = integer(1);
    column.max = integer(10);
}
void two_to_four_long(Column& column) {
    column.min_length = 2;
    column.max_length = 4;
}

const std::string kNotInteger = "value.not_integer: v must be an integer, got ";

const std::vector<RuleCase> kTypeCases = {
    {"int64", kInt64, plain, "42", "42", {}},
    {"int64 negative", kInt64, plain, "-42", "-42", {}},
    {"int64 with plus", kInt64, plain, "+7", "7", {}},
    {"int64 trimmed", kInt64, plain, " 42\t", "42", {}},
    {"int64 quoted", kInt64, plain, "\" 42 \"", "42", {}},
    {"int64 nine digits", kInt64, plain, "123456789", "123456789", {}},
    {"int64 17 digits", kInt64, plain, "12345678901234567", "12345678901234567", {}},
    {"int64 largest", kInt64, plain, "9223372036854775807", "9223372036854775807", {}},
    {"int64 too large",
     kInt64,
     plain,
     "9223372036854775808",
     "",
     {"value.out_of_range: v does not fit int64, got '9223372036854775808'"}},
    {"int64 text", kInt64, plain, "abc", "", {kNotInteger + "'abc'"}},
    {"int64 sign alone", kInt64, plain, "-", "", {kNotInteger + "'-'"}},
    {"int64 fraction", kInt64, plain, "2.0", "", {kNotInteger + "'2.0'"}},
    {"int32", kInt32, plain, "-2147483648", "-2147483648", {}},
    {"int32 too large",
     kInt32,
     plain,
     "2147483648",
     "",
     {"value.out_of_range: v does not fit int32, got '2147483648'"}},
    {"decimal", kNarrow, plain, "12.5", "12.50", {}},
    {"decimal too fine",
     kNarrow,
     plain,
     "1.005",
     "",
     {"value.not_number: v must be a number, got '1.005'"}},
    {"decimal wide",
     kWide,
     plain,
     "123456789012345678901234567.125",
     "123456789012345678901234567.125",
     {}},
    {"decimal text",
     kNarrow,
     plain,
     "1e3",
     "",
     {"value.not_number: v must be a number, got '1e3'"}},
    {"double", kDouble, plain, "-1.5e3", "-1500", {}},
    {"double NaN", kDouble, plain, "nan", "", {"value.not_number: v must be a number, got 'nan'"}},
    {"bool", kBool, plain, "YES", "true", {}},
    {"bool other",
     kBool,
     plain,
     "maybe",
     "",
     {"value.not_boolean: v must be true or false, got 'maybe'"}},
    {"date", kDate, plain, "2024-02-29", "2024-02-29", {}},
    {"date that is none",
     kDate,
     plain,
     "2023-02-29",
     "",
     {"value.not_date: v must be a date like 2021-12-31, got '2023-02-29'"}},
    {"timestamp", kTimestamp, plain, "2021-07-27T16:02:08Z", "2021-07-27T16:02:08Z", {}},
    {"timestamp with offset",
     kTimestamp,
     plain,
     "2021-07-27 16:02:08+02:00",
     "2021-07-27T14:02:08Z",
     {}},
    {"timestamp without zone",
     kTimestamp,
     plain,
     "2021-07-27T16:02:08",
     "",
     {"value.not_timestamp: v must be a timestamp with a time zone like "
      "2021-12-31T23:59:59Z, got '2021-07-27T16:02:08'"}},
    {"timestamp out of the calendar",
     kTimestamp,
     plain,
     "2021-02-31T16:02:08Z",
     "",
     {"value.not_timestamp: v must be a timestamp with a time zone like "
      "2021-12-31T23:59:59Z, got '2021-02-31T16:02:08Z'"}},
    {"timestamp in the year 0",
     kTimestamp,
     plain,
     "0000-01-01T00:00:00Z",
     "",
     {"value.out_of_range: v must lie in the years 0001 to 9999, got "
      "'0000-01-01T00:00:00Z'"}},
    {"timestamp format of the column",
     kTimestamp,
     [](Column& column) { column.formats = {"%d/%m/%Y"}; },
     "31/12/2021",
     "2021-12-31T00:00:00Z",
     {}},
    {"string", kString, plain, "Zo\xC3\xAB", "Zo\xC3\xAB", {}},
};

const std::vector<RuleCase> kRuleCases = {
    {"missing", kString, plain, "", "", {"value.missing: v is missing"}},
    {"missing, blanks only", kInt64, plain, "  ", "", {"value.missing: v is missing"}},
    {"missing, quoted", kString, plain, "\"\"", "", {"value.missing: v is missing"}},
    {"a null value that is missing", kString, plain, "N/A", "", {"value.missing: v is missing"}},
    {"NULL", kInt64, nullable, "", "<null>", {}},
    {"NULL timestamp", kTimestamp, nullable, "", "<null>", {}},
    {"NULL passes every other rule",
     kString,
     [](Column& column) {
         nullable(column);
         two_to_four_long(column);
         column.pattern = "x+";
     },
     "",
     "<null>",
     {}},
    {"a null value", kInt64, nullable, "-99", "<null>", {}},
    {"a null value after trimming", kInt64, nullable, " -99 ", "<null>", {}},
    {"a null value in another case", kString, nullable, "n/a", "n/a", {}},
    {"keep_empty", kString, [](Column& column) { column.keep_empty = true; }, "", "", {}},
    {"keep_empty and min_length",
     kString,
     [](Column& column) {
         column.keep_empty = true;
         column.min_length = 1;
     },
     "",
     "",
     {"value.too_short: v must have at least 1 character and has 0, got ''"}},
    {"below min",
     kInt64,
     one_to_ten,
     "0",
     "",
     {"value.out_of_range: v must be at least 1, got '0'"}},
    {"at min", kInt64, one_to_ten, "1", "1", {}},
    {"at max", kInt64, one_to_ten, "10", "10", {}},
    {"above max",
     kInt64,
     one_to_ten,
     "11",
     "",
     {"value.out_of_range: v must be at most 10, got '11'"}},
    {"too short",
     kString,
     two_to_four_long,
     "a",
     "",
     {"value.too_short: v must have at least 2 characters and has 1, got 'a'"}},
    {"too short in code points",
     kString,
     two_to_four_long,
     "\xC3\xA9",
     "",
     {"value.too_short: v must have at least 2 characters and has 1, got '\xC3\xA9'"}},
    {"long enough", kString, two_to_four_long, "ab", "ab", {}},
    {"not too long in code points",
     kString,
     two_to_four_long,
     "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
     "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
     {}},
    {"too long",
     kString,
     two_to_four_long,
     "abcde",
     "",
     {"value.too_long: v must have at most 4 characters and has 5, got 'abcde'"}},
    {"pattern", kString, [](Column& column) { column.pattern = "[A-Z]+"; }, "ABC", "ABC", {}},
    {"pattern is a whole match",
     kString,
     [](Column& column) { column.pattern = "[A-Z]+"; },
     "ABCd",
     "",
     {"value.pattern: v must match the pattern [A-Z]+, got 'ABCd'"}},
    {"one of",
     kInt64,
     [](Column& column) {
         column.one_of = {integer(1), integer(2)};
     },
     "+2",
     "2",
     {}},
    {"not one of",
     kInt64,
     [](Column& column) {
         column.one_of = {integer(1), integer(2)};
     },
     "3",
     "",
     {"value.not_allowed: v must be one of '1', '2', got '3'"}},
    {"every violated rule",
     kString,
     [](Column& column) {
         column.max_length = 2;
         column.pattern = "[a-z]+";
         column.one_of = {Value(std::string("ab"))};
     },
     "ABC",
     "",
     {"value.too_long: v must have at most 2 characters and has 3, got 'ABC'",
      "value.pattern: v must match the pattern [a-z]+, got 'ABC'",
      "value.not_allowed: v must be one of 'ab', got 'ABC'"}},
};

void run_case(const RuleCase& c) {
    SCOPED_TRACE(c.name);
    Column column = test_column("v", c.type);
    c.prepare(column);
    Table table = test_table({test_column("id", kInt64), column});
    table.null_values = {"N/A", "-99"};
    for (const bool keep_rows : {true, false}) {
        const ScanOutcome outcome =
            scan_outcome(table, "1," + c.field + "\n", {.keep_rows = keep_rows});
        std::vector<std::string> reasons;
        for (const RejectOutcome& reject : outcome.rejects) {
            for (std::size_t i = 0; i < reject.codes.size(); ++i) {
                reasons.push_back(reject.codes[i] + ": " + reject.messages[i]);
                EXPECT_EQ(reject.columns[i], 1);
            }
        }
        EXPECT_EQ(reasons, c.reasons);
        EXPECT_EQ(outcome.counts.read, 1U);
        if (keep_rows && c.reasons.empty()) {
            ASSERT_EQ(outcome.rows.size(), 1U);
            EXPECT_EQ(outcome.rows[0].values[1], c.value);
        } else {
            EXPECT_TRUE(outcome.rows.empty());
        }
    }
}

TEST(RulesTest, Types) {
    for (const RuleCase& c : kTypeCases) {
        run_case(c);
    }
}

TEST(RulesTest, Rules) {
    for (const RuleCase& c : kRuleCases) {
        run_case(c);
    }
}

TEST(RulesTest, EveryColumnIsReported) {
    Table table = test_table({test_column("id", kInt64),
                              test_column("name", kString),
                              test_column("hired", kTimestamp)});
    const ScanOutcome outcome = scan_outcome(table, "x,,yesterday\n1,a\n");
    ASSERT_EQ(outcome.rejects.size(), 2U);
    EXPECT_EQ(
        outcome.rejects[0].codes,
        (std::vector<std::string>{"value.not_integer", "value.missing", "value.not_timestamp"}));
    EXPECT_EQ(outcome.rejects[0].columns, (std::vector<int>{0, 1, 2}));
    EXPECT_FALSE(outcome.rejects[0].decoded);
    EXPECT_EQ(outcome.rejects[1].messages,
              std::vector<std::string>{"record has 2 fields, expected 3"});
    EXPECT_EQ(outcome.rejects[1].columns, std::vector<int>{-1});
    EXPECT_EQ(outcome.counts.rejected, 2U);
    const auto code = static_cast<std::size_t>(RejectCode::kValueMissing);
    EXPECT_EQ(outcome.counts.reasons_by_code[code], 1U);
}

TEST(RulesTest, ValuesAreCutOnACharacterBorder) {
    Table table = test_table({test_column("id", kInt64)});
    std::string text(kReasonValueBytesMax - 1, 'x');
    text += "\xC3\xA9tail";
    const ScanOutcome outcome = scan_outcome(table, text);
    ASSERT_EQ(outcome.rejects.size(), 1U);
    EXPECT_EQ(outcome.rejects[0].messages[0],
              "id must be an integer, got '" + std::string(kReasonValueBytesMax - 1, 'x') + "...'");
}

TEST(RulesTest, WithoutTrimBlanksBelongToTheValue) {
    Table table = test_table({test_column("id", kInt64), test_column("name", kString)});
    table.trim = false;
    const ScanOutcome outcome = scan_outcome(table, "1, a \n 2,b\n");
    ASSERT_EQ(outcome.rows.size(), 1U);
    EXPECT_EQ(outcome.rows[0].values[1], " a ");
    ASSERT_EQ(outcome.rejects.size(), 1U);
    EXPECT_EQ(outcome.rejects[0].codes, std::vector<std::string>{"value.not_integer"});
}

TEST(RulesTest, DecodedRejectsAreEmittedOnRequest) {
    Column id = test_column("id", kInt64);
    id.min = integer(10);
    const Table table = test_table({id, test_column("name", kString)});
    const std::string text = "11,a\n9,b\nx,c\n12,\n13,\"d\"\n";
    for (const std::size_t block_bytes : {std::size_t{1}, std::size_t{6}, kScanBlockBytes}) {
        const ScanOutcome outcome =
            scan_outcome(table, text, {.block_bytes = block_bytes, .emit_decoded_rejects = true});
        ASSERT_EQ(outcome.rows.size(), 4U);
        EXPECT_EQ(outcome.rows[0], (RowOutcome{0, {"11", "a"}, false}));
        EXPECT_EQ(outcome.rows[1], (RowOutcome{5, {"9", "b"}, true}));
        EXPECT_EQ(outcome.rows[2], (RowOutcome{13, {"12", "<null>"}, true}));
        EXPECT_EQ(outcome.rows[3], (RowOutcome{17, {"13", "d"}, false}));
        ASSERT_EQ(outcome.rejects.size(), 3U);
        EXPECT_TRUE(outcome.rejects[0].decoded);
        EXPECT_FALSE(outcome.rejects[1].decoded);
        EXPECT_TRUE(outcome.rejects[2].decoded);
    }
}

TEST(RulesTest, AnUnreadablePatternIsAnError) {
    Column column = test_column("v", kString);
    column.pattern = "(";
    EXPECT_EQ(scan_outcome(test_table({column}), "a\n").error, "usage");
}

}  // namespace
}  // namespace muster
