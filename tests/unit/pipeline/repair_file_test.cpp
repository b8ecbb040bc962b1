// The repair file: what is written can be read back, formulas are harmless, damage is named.
#include "pipeline/detail/repair_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace muster {
namespace {

namespace fs = std::filesystem;

Table people() {
    Table table;
    table.name = TableName{"people"};
    table.columns = {{.name = "id", .type = {.kind = TypeKind::kInt64}},
                     {.name = "name", .type = {.kind = TypeKind::kString}}};
    table.key = {"id"};
    return table;
}

class RepairFileTest : public ::testing::Test {
  protected:
    void SetUp() override {
        char pattern[] = "/tmp/muster-repair-XXXXXX";
        folder_ = ::mkdtemp(pattern);
    }
    void TearDown() override { fs::remove_all(folder_); }

    Result<std::vector<RepairedRecord>> read(const std::string& text) {
        const fs::path file = folder_ / "mended.csv";
        std::ofstream{file, std::ios::binary} << text;
        return read_repair_file(file.string(), people());
    }

    fs::path folder_;
};

TEST(GuardCell, EveryCellComesBackAsItWas) {
    for (const std::string cell :
         {"", "plain", "=1+2", "+1", "-5", "@x", "'", "''", "'=x", "''=x", "'t Hooft", "a=b"}) {
        const std::string guarded = guard_cell(cell);
        EXPECT_EQ(unguard_cell(guarded), cell);
        EXPECT_EQ(std::string{"=+-@"}.find(guarded.empty() ? 'x' : guarded[0]), std::string::npos);
    }
    EXPECT_EQ(guard_cell("'t Hooft"), "'t Hooft");
    EXPECT_EQ(unguard_cell("-5"), "-5");
}

TEST_F(RepairFileTest, WhatIsExportedCanBeReadBack) {
    RejectEntry reject{.id = RejectId{"ab12"}, .raw = "x,\"=a \"\"b\"\", c\"", .reasons = {}};
    reject.reasons = {{"value.not_integer", "id", "x", "id must be an integer, got 'x'"}};
    const std::string text = repair_header(people()) + repair_line(people(), reject);
    EXPECT_EQ(text.substr(0, text.find('\n')), "_reject_id,id,name,_codes,_messages,_raw");
    const auto records = read(text);
    ASSERT_TRUE(records.ok()) << records.error().message;
    ASSERT_EQ(records->size(), 1U);
    EXPECT_EQ(records->front().reject_id, "ab12");
    EXPECT_EQ(records->front().fields, (std::vector<std::string>{"x", "=a \"b\", c"}));
    EXPECT_EQ(records->front().line, 2U);
}

TEST_F(RepairFileTest, ARecordThatDoesNotSplitShowsItsRawText) {
    const RejectEntry reject{.id = RejectId{"1"}, .raw = "1,a,b", .reasons = {}};
    EXPECT_NE(repair_line(people(), reject).find("\"1,a,b\""), std::string::npos);
}

TEST_F(RepairFileTest, SemicolonsTabsOrderAndByteOrderMarkOfASpreadsheetAreUnderstood) {
    for (const std::string text :
         {"\xEF\xBB\xBF_reject_id;name;id\r\n7;Ann;1\r\n",
          "_reject_id\tid\tname\n7\t1\tAnn\n",
          "\"_reject_id\",\"id\",\"name\",\"_codes\"\n\"7\",\"1\",\"Ann\""}) {
        const auto records = read(text);
        ASSERT_TRUE(records.ok()) << records.error().message;
        ASSERT_EQ(records->size(), 1U);
        EXPECT_EQ(records->front().fields, (std::vector<std::string>{"1", "Ann"}));
    }
}

TEST_F(RepairFileTest, DamageIsNamed) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "the file is empty"},
        {"id,name\n1,a\n", "_reject_id is missing"},
        {"_reject_id,id\n1,a\n", "the column name is missing"},
        {"_reject_id,id,name\n,1,a\n", ":2: _reject_id is empty"},
        {"_reject_id,id,name\nx,1,a\nx,1,a\n", ":3: _reject_id is repeated"},
        {"_reject_id,id,name\nx,1,\"a\n", ":2: a quote is never closed"},
    };
    for (const auto& [text, message] : cases) {
        const auto records = read(text);
        ASSERT_FALSE(records.ok()) << text;
        EXPECT_EQ(records.error().code, ErrorCode::kUsage);
        EXPECT_NE(records.error().message.find(message), std::string::npos)
            << records.error().message;
    }
}

TEST(RepairedSource, WritesTheTablesOwnFormatWithOffsets) {
    Table table = people();
    table.delimiter = ';';
    const auto source = repaired_source(table, {{"1", {"1", "a;b"}, 2}, {"2", {"2", "c\n\"d"}, 3}});
    ASSERT_TRUE(source.ok());
    EXPECT_EQ(source->text, "1;\"a;b\"\n2;\"c\n\"\"d\"\n");
    EXPECT_EQ(source->offsets, (std::vector<std::uint64_t>{0, 8}));
    table.quote = '\0';
    EXPECT_FALSE(repaired_source(table, {{"1", {"1", "a;b"}, 2}}).ok());
}

}  // namespace
}  // namespace muster
