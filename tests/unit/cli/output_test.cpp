// Rows, JSON and progress as text.
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "present/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <unistd.h>

namespace muster {
namespace {

constexpr ColumnType kInt{TypeKind::kInt64, 0, 0};
constexpr ColumnType kText{TypeKind::kString, 0, 0};
constexpr ColumnType kMoney{TypeKind::kDecimal, 10, 2};
constexpr ColumnType kReal{TypeKind::kDouble, 0, 0};

// What `rows` print in a form.
std::string printed(OutputFormat format,
                    std::vector<ResultColumn> columns,
                    const std::vector<std::vector<Value>>& rows) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const Descriptor in{ends[0]};
    Descriptor out{ends[1]};
    {
        Console console{{0, out.get(), 2}, {}, nullptr};
        console.configure({.format = format});
        RowPrinter printer{console, std::move(columns)};
        for (const auto& row : rows) {
            printer.add(row);
        }
        printer.finish();
    }
    out.reset();
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(::read(in.get(), text.data(), text.size())));
    return text;
}

const std::vector<ResultColumn> kColumns = {{"id", kInt}, {"name", kText}, {"pay", kMoney}};
const std::vector<std::vector<Value>> kRows = {
    {Value{std::int64_t{7}}, Value{std::string{"Zoë, \"Z\""}}, Value{Int128{150}}},
    {Value{std::int64_t{1234567}}, Value{}, Value{}},
    {Value{std::int64_t{-1}}, Value{std::string{}}, Value{Int128{-5}}},
};

TEST(Rows, Csv) {
    EXPECT_EQ(printed(OutputFormat::kCsv, kColumns, kRows),
              "id,name,pay\n7,\"Zoë, \"\"Z\"\"\",1.50\n1234567,,\n-1,\"\",-0.05\n");
    EXPECT_EQ(printed(OutputFormat::kCsv, kColumns, {}), "id,name,pay\n");
}

TEST(Rows, Json) {
    EXPECT_EQ(printed(OutputFormat::kJson, kColumns, kRows),
              "[\n{\"id\":7,\"name\":\"Zoë, \\\"Z\\\"\",\"pay\":1.50},\n"
              "{\"id\":1234567,\"name\":null,\"pay\":null},\n"
              "{\"id\":-1,\"name\":\"\",\"pay\":-0.05}\n]\n");
    EXPECT_EQ(printed(OutputFormat::kJson, kColumns, {}), "[]\n");
}

TEST(Rows, Table) {
    EXPECT_EQ(printed(OutputFormat::kTable, kColumns, kRows),
              "     id  name        pay\n"
              "-------  --------  -----\n"
              "      7  Zoë, \"Z\"   1.50\n"
              "1234567\n"
              "     -1            -0.05\n");
}

TEST(Rows, NothingSteersTheTerminal) {
    EXPECT_EQ(printable("a\x1b[31m\n\r\tb\x7f"), "a\\x1b[31m\\n\\r\\tb\\x7f");
}

TEST(Rows, WidthsSettleAfterTheFirstRows) {
    std::vector<std::vector<Value>> rows(600, {Value{std::int64_t{1}}});
    rows.push_back({Value{std::int64_t{123456}}});
    const std::string text = printed(OutputFormat::kTable, {{"n", kInt}}, rows);
    EXPECT_EQ(text.substr(0, 6), "n\n-\n1\n");
    EXPECT_EQ(text.substr(text.size() - 7), "123456\n");
}

TEST(Json, Values) {
    EXPECT_EQ(json_value(kReal, Value{0.1}), "0.1");
    EXPECT_EQ(json_value(kReal, Value{std::numeric_limits<double>::infinity()}), "null");
    EXPECT_EQ(json_value({TypeKind::kBool, 0, 0}, Value{true}), "true");
    EXPECT_EQ(json_value({TypeKind::kDate, 0, 0}, Value{std::int64_t{0}}), "\"1970-01-01\"");
    EXPECT_EQ(json_value(kInt, Value{}), "null");
}

TEST(Json, RejectWithBytesThatAreNoText) {
    RejectEntry reject;
    reject.id = RejectId{"ab"};
    reject.table = "t";
    reject.object = "t.csv";
    reject.line = 2;
    reject.raw = "\xff";
    reject.reasons = {{"record.invalid_utf8", "", "", "no text"}};
    EXPECT_EQ(reject_json(reject),
              R"({"type":"reject","id":"ab","run_id":null,"table":"t","object":"t.csv","line":2,)"
              R"("offset":0,"length":0,"raw_base64":"/w==","severity":"error","state":"open",)"
              R"("reasons":[{"code":"record.invalid_utf8","column":null,"value":"",)"
              R"("message":"no text"}]})");
}

TEST(Summary, ReasonLine) {
    RejectEntry reject;
    reject.object = "t.csv";
    reject.line = 12;
    EXPECT_EQ(reason_line(reject, {"value.missing", "name", "", "is missing"}),
              "t.csv:12: name: is missing");
    EXPECT_EQ(reason_line(reject, {"record.stray_quote", "", "", "stray"}), "t.csv:12: stray");
}

TEST(Progress, Bar) {
    const RunProgress half{.table = "jobs",
                           .stage = "scan",
                           .rows = 12000,
                           .bytes = 50'000'000,
                           .bytes_total = 100'000'000,
                           .rejected = 3};
    EXPECT_EQ(ProgressMeter::bar_text(half, 5, 120),
              "[##########..........]  50%  scan jobs  12,000 rows  10.0 MB/s  3 rejects  ETA 5s");
    EXPECT_LE(ProgressMeter::bar_text(half, 5, 40).size(), 39U);
}

}  // namespace
}  // namespace muster
