#include "validate/json_rows.h"

#include "core/limits.h"
#include "support/scan_outcome.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

// "ok 1|NULL|a" or "value.missing:a value.pattern:b" for each row; an Error's code for a body.
std::vector<std::string> judged(const Table& table, std::string_view body) {
    const auto rows = judge_json_rows(table, body);
    if (!rows.ok()) {
        return {std::string(error_code_name(rows.error().code))};
    }
    std::vector<std::string> out;
    for (const JsonRow& row : rows->rows) {
        std::string text = row.reasons.empty() ? "ok" : "";
        for (std::size_t i = 0; row.reasons.empty() && i < row.values.size(); ++i) {
            const bool null = std::holds_alternative<std::monostate>(row.values[i]);
            text += (i == 0 ? " " : "|") +
                    (null ? "NULL" : value_text(table.columns[i].type, row.values[i]));
        }
        for (const Reason& reason : row.reasons) {
            text += (text.empty() ? "" : " ") + std::string(reject_code_text(reason.code));
            text += reason.column < 0
                        ? ""
                        : ":" + table.columns[static_cast<std::size_t>(reason.column)].name;
        }
        out.push_back(text);
    }
    return out;
}

constexpr ColumnType kInt32{TypeKind::kInt32, 0, 0};
constexpr ColumnType kInt64{TypeKind::kInt64, 0, 0};
constexpr ColumnType kDecimal{TypeKind::kDecimal, 10, 2};
constexpr ColumnType kDouble{TypeKind::kDouble, 0, 0};
constexpr ColumnType kBool{TypeKind::kBool, 0, 0};
constexpr ColumnType kString{TypeKind::kString, 0, 0};
constexpr ColumnType kDate{TypeKind::kDate, 0, 0};
constexpr ColumnType kTimestamp{TypeKind::kTimestamp, 0, 0};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonRowsTest, WhatIsNoListOfObjectsIsAUsageError) {
    const Table table = test_table({test_column("v", kInt64)});
    const std::vector<std::string> bodies = {
        "",
        "  ",
        "1",
        "\"a\"",
        "null",
        "[1]",
        "[null]",
        "[[]]",
        "{",
        "[",
        "{\"v\":1",
        "[{\"v\":1}",
        "[{\"v\":1},]",
        "{\"v\":1,}",
        "{\"v\" 1}",
        "{v:1}",
        "{'v':1}",
        "{\"v\":1}{\"v\":2}",
        "{\"v\":1} x",
        "[{\"v\":1}]]",
        "{\"v\":1,\"v\":2}",
        "{\"v\":1,\"\\u0076\":2}",
        "{\"x\":{\"a\":1,\"a\":2}}",
        "{\"v\":01}",
        "{\"v\":1.}",
        "{\"v\":.5}",
        "{\"v\":+1}",
        "{\"v\":1e}",
        "{\"v\":- 1}",
        "{\"v\":NaN}",
        "{\"v\":nul}",
        "{\"v\":nullx}",
        "{\"v\":tru}",
        "{\"v\":True}",
        "{\"v\":1 2}",
        "{\"x\":[1,}",
        "{\"x\":[1 2]}",
        "{\"x\":[tru]}",
        "{\"x\":[\"\\q\"]}",
        "{\"v\":\"a\nb\"}",
        "{\"v\":\"\\q\"}",
        "{\"v\":\"\\ud800\"}",
        "{\"v\":\"\\udc00\"}",
        "{\"v\":\"\\ud800\\u0041\"}",
        "{\"\\udc00\":1}",
        "{\"v\":\"\xFF\"}",
        "{\"v\":\"\xED\xA0\x80\"}",
        "{\"v\":\"\xC0\x80\"}",
        "{\"v\":1} // comment",
        std::string("{\"v\":1}\0", 8),
    };
    for (const std::string& body : bodies) {
        EXPECT_EQ(judged(table, body), std::vector<std::string>{"usage"}) << body;
    }
}

TEST(JsonRowsTest, NestingIsLimited) {
    const Table table = test_table({test_column("v", kInt64)});
    const auto wrong = std::vector<std::string>{"value.wrong_type:v"};
    const auto usage = std::vector<std::string>{"usage"};
    EXPECT_EQ(judged(table, "{\"v\":" + nested(kJsonDepthMax - 1) + "}"), wrong);
    EXPECT_EQ(judged(table, "{\"v\":" + nested(kJsonDepthMax) + "}"), usage);
    EXPECT_EQ(judged(table, "[{\"v\":" + nested(kJsonDepthMax - 2) + "}]"), wrong);
    EXPECT_EQ(judged(table, "[{\"v\":" + nested(kJsonDepthMax - 1) + "}]"), usage);
    EXPECT_EQ(judged(table, "{\"v\":" + nested(100'000) + "}"), usage);
}

struct ValueCase {
    ColumnType type;
    const char* json;
    const char* expected;
};

TEST(JsonRowsTest, Values) {
    const std::vector<ValueCase> cases = {
        {kInt64, "2", "ok 2"},
        {kInt64, "-0", "ok 0"},
        {kInt64, "2.0", "ok 2"},
        {kInt64, "2.00e0", "ok 2"},
        {kInt64, "2e3", "ok 2000"},
        {kInt64, "2E+3", "ok 2000"},
        {kInt64, "25000e-3", "ok 25"},
        {kInt64, "0e999999999999", "ok 0"},
        {kInt64, "2.5", "value.not_integer:v"},
        {kInt64, "25e-1", "value.not_integer:v"},
        {kInt64, "1e-999999999999999999999", "value.not_integer:v"},
        {kInt64, "9223372036854775807", "ok 9223372036854775807"},
        {kInt64, "-9223372036854775808", "ok -9223372036854775808"},
        {kInt64, "9223372036854775808", "value.out_of_range:v"},
        {kInt64, "18446744073709551616", "value.out_of_range:v"},
        {kInt64, "123456789012345678901234567890", "value.out_of_range:v"},
        {kInt64, "1e999999999999999999999", "value.out_of_range:v"},
        {kInt64, "1e30", "value.out_of_range:v"},
        {kInt64, "\"2\"", "value.wrong_type:v"},
        {kInt64, "true", "value.wrong_type:v"},
        {kInt64, "[2]", "value.wrong_type:v"},
        {kInt64, "{\"a\":{}}", "value.wrong_type:v"},
        {kInt64, "null", "value.missing:v"},
        {kInt32, "2147483648", "value.out_of_range:v"},
        {kDecimal, "0.1", "ok 0.10"},
        {kDecimal, "12345678.12", "ok 12345678.12"},
        {kDecimal, "1.5e1", "ok 15.00"},
        {kDecimal, "1.2300", "ok 1.23"},
        {kDecimal, "123456789", "value.out_of_range:v"},
        {kDecimal, "1e400", "value.out_of_range:v"},
        {kDecimal, "\"1.5\"", "value.wrong_type:v"},
        {kDouble, "0.1", "ok 0.1"},
        {kDouble, "1e999", "value.out_of_range:v"},
        {kDouble, "-1e-999", "ok -0"},
        {kDouble, "\"1\"", "value.wrong_type:v"},
        {kBool, "true", "ok true"},
        {kBool, "false", "ok false"},
        {kBool, "1", "value.wrong_type:v"},
        {kBool, "\"true\"", "value.wrong_type:v"},
        {kString, "\"  a\\u0009\"", "ok a"},
        {kString, "\"\\u00fc\\ud83d\\ude00\\n\"", "ok \xC3\xBC\xF0\x9F\x98\x80\n"},
        {kString, "\" \"", "value.missing:v"},
        {kString, "\"\"", "value.missing:v"},
        {kString, "\"NA\"", "value.missing:v"},
        {kString, "7", "value.wrong_type:v"},
        {kString, "false", "value.wrong_type:v"},
        {kString, "\"a\\u0000b\"", "record.nul_byte"},
        {kDate, "\"2021-02-28\"", "ok 2021-02-28"},
        {kDate, "\"2021-02-30\"", "value.not_date:v"},
        {kDate, "20210228", "value.wrong_type:v"},
        {kTimestamp, "\"2021-07-27T16:02:08+01:00\"", "ok 2021-07-27T15:02:08Z"},
        {kTimestamp, "\"2021-07-27T16:02:08\"", "value.not_timestamp:v"},
        {kTimestamp, "1627401728", "value.wrong_type:v"},
    };
    for (const ValueCase& one : cases) {
        Table table = test_table({test_column("v", one.type)});
        table.null_values = {"NA"};
        const std::string body = std::string("{\"v\":") + one.json + "}";
        EXPECT_EQ(judged(table, body), std::vector<std::string>{one.expected})
            << type_text(one.type) << " " << one.json;
    }
}

TEST(JsonRowsTest, EveryFaultOfEveryRowIsTold) {
    Column name = test_column("name", kString);
    name.max_length = 3;
    name.pattern = "[a-z]+";
    Table table =
        test_table({test_column("id", kInt64), name, test_column("at", kTimestamp, true)});
    EXPECT_EQ(judged(table, R"([ {"id":"1","name":"ABCD","nmae":1,"at":null},
                                 {"at":"2021-01-01T00:00:00Z","name":"abc","id":1} ])"),
              (std::vector<std::string>{
                  "value.wrong_type:id value.too_long:name value.pattern:name value.missing:at "
                  "value.unknown_field",
                  "ok 1|abc|2021-01-01T00:00:00Z"}));
    table.api_allow_null = true;
    EXPECT_EQ(
        judged(table, R"([{"id":1,"name":"a","at":null},{"id":1,"name":"a"},
                                {"id":1,"name":"a","at":" "},{"at":" "}])"),
        (std::vector<std::string>{
            "ok 1|a|NULL", "ok 1|a|NULL", "ok 1|a|NULL", "value.missing:id value.missing:name"}));
}

TEST(JsonRowsTest, TheTextOfARowIsItsOwn) {
    const Table table = test_table({test_column("v", kInt64)});
    const auto many = judge_json_rows(table, " [ {\"v\":1} , { \"v\" : [ 2 ] }\n] ");
    ASSERT_TRUE(many.ok()) << many.error().message;
    EXPECT_TRUE(many->array);
    ASSERT_EQ(many->rows.size(), 2U);
    EXPECT_EQ(many->rows[0].text, "{\"v\":1}");
    EXPECT_EQ(many->rows[1].text, "{ \"v\" : [ 2 ] }");
    EXPECT_EQ(many->rows[1].reasons.front().value, "[ 2 ]");
    const auto one = judge_json_rows(table, "\n{\"v\":1} ");
    ASSERT_TRUE(one.ok());
    EXPECT_FALSE(one->array);
    EXPECT_EQ(one->rows[0].text, "{\"v\":1}");
    EXPECT_TRUE(judge_json_rows(table, "[]").value().rows.empty());
    EXPECT_EQ(judged(table, "{}"), std::vector<std::string>{"value.missing:v"});
}

TEST(JsonRowsTest, AnUnknownFieldNamesTheNearestColumn) {
    const Table table = test_table({test_column("department", kString)});
    const auto rows = judge_json_rows(table, R"({"department":"a","departmnet":"b"})");
    ASSERT_TRUE(rows.ok());
    const Reason& reason = rows->rows[0].reasons.at(0);
    EXPECT_EQ(reason.column, -1);
    EXPECT_EQ(reason.value, "departmnet");
    EXPECT_EQ(reason.message, "the table has no column 'departmnet' (did you mean 'department'?)");
}

// A value that JSON can write as a file does is refused with the same codes and words.
TEST(JsonRowsTest, AFileSaysTheSame) {
    struct Same {
        ColumnType type;
        const char* csv;
        const char* json;
    };
    const std::vector<Same> cases = {
        {kInt64, "99999999999999999999", "99999999999999999999"},
        {kInt64, "2.5", "2.5"},
        {kInt64, "-7", "-7"},
        {kInt32, "3000000000", "3000000000"},
        {kDecimal, "1234567890.5", "1234567890.5"},
        {kDecimal, "0.125", "0.125"},
        {kDouble, "1e400", "1e400"},
        {kString, "toolongtext", "\"toolongtext\""},
        {kString, "  ", "\"  \""},
        {kString, "NA", "\"NA\""},
        {kString,
         "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC",
         "\"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\""},
        {kDate, "2021-13-01", "\"2021-13-01\""},
        {kDate, "0000-01-01", "\"0000-01-01\""},
        {kTimestamp, "2021-01-01", "\"2021-01-01\""},
        {kTimestamp, "2021-01-01T24:00:00Z", "\"2021-01-01T24:00:00Z\""},
    };
    for (const Same& one : cases) {
        Column column = test_column("v", one.type);
        if (one.type.kind == TypeKind::kString) {
            column.max_length = 5;
            column.pattern = "[a-z]*";
        } else if (one.type.kind == TypeKind::kInt64) {
            column.min = std::int64_t{1};
        }
        Table table = test_table({column, test_column("last", kString)});
        table.null_values = {"NA"};
        const ScanOutcome file = scan_outcome(table, std::string(one.csv) + ",x\n");
        const auto rows =
            judge_json_rows(table, std::string("{\"last\":\"x\",\"v\":") + one.json + "}");
        ASSERT_TRUE(rows.ok()) << one.json;
        ASSERT_EQ(file.rejects.size(), 1U) << one.csv;
        std::vector<std::string> codes;
        std::vector<std::string> messages;
        for (const Reason& reason : rows->rows[0].reasons) {
            codes.emplace_back(reject_code_text(reason.code));
            messages.push_back(reason.message);
        }
        EXPECT_EQ(codes, file.rejects[0].codes) << one.csv;
        EXPECT_EQ(messages, file.rejects[0].messages) << one.csv;
    }
}

}  // namespace
}  // namespace muster
