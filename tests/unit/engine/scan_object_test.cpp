#include "engine/scan_object.h"

#include "engine/detail/duckdb_handle.h"
#include "support/temp_folder.h"

#include <gmock/gmock.h>

#include <fstream>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Table all_types() {
    Table table;
    table.name = TableName("t");
    const auto add = [&table](const char* name, ColumnType type) {
        Column column;
        column.name = name;
        column.type = type;
        column.nullable = table.columns.size() > 0;
        table.columns.push_back(column);
    };
    add("id", {TypeKind::kInt64, 0, 0});
    add("i", {TypeKind::kInt32, 0, 0});
    add("d4", {TypeKind::kDecimal, 4, 1});
    add("d9", {TypeKind::kDecimal, 9, 2});
    add("d18", {TypeKind::kDecimal, 18, 2});
    add("d38", {TypeKind::kDecimal, 38, 2});
    add("f", {TypeKind::kDouble, 0, 0});
    add("b", {TypeKind::kBool, 0, 0});
    add("s", {TypeKind::kString, 0, 0});
    add("day", {TypeKind::kDate, 0, 0});
    add("at", {TypeKind::kTimestamp, 0, 0});
    table.key = {"id"};
    return table;
}

Table pairs() {
    Table table = all_types();
    table.columns.resize(2);
    return table;
}

class ScanObjectTest : public testing::Test {
  protected:
    void SetUp() override {
        EngineOptions options;
        options.memory_limit_bytes = 256U << 20;
        options.temp_dir = folder_.path() / "tmp";
        options.threads = 2;
        engine_ = std::move(Engine::open(options)).value();
        std::filesystem::create_directory(folder_.path() / "in");
        source_ = std::move(open_store((folder_.path() / "in").string())).value();
        clean_ = std::move(open_store((folder_.path() / "clean").string())).value();
    }

    Result<ScanReport> scan(const Table& table, const std::string& text) {
        std::ofstream(folder_.path() / "in" / "a.csv", std::ios::binary) << text;
        ObjectInfo info;
        info.key = ObjectKey("a.csv");
        return scan_object(*engine_,
                           ScanJob{table, *source_, info, 5, *clean_, "run/t/0/", {}, nullptr});
    }

    std::vector<std::string> rows_of(const std::string& sql) {
        std::vector<std::string> lines;
        auto connection = engine_->handle().connect();
        auto rows = connection->query(sql);
        if (!rows.ok()) {
            return {rows.error().message};
        }
        while (*rows->next()) {
            lines.emplace_back(rows->is_null(0) ? "NULL" : rows->text(0));
        }
        return lines;
    }

    std::string file(const std::string& name) {
        return "'" + (folder_.path() / "clean" / "run/t/0" / name).string() + "'";
    }

    TempFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<ObjectStore> source_;
    std::unique_ptr<ObjectStore> clean_;
};

TEST_F(ScanObjectTest, AnEmptyObjectIsAProblemWithoutParts) {
    const auto report = scan(pairs(), "");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->problem_code, "file.empty");
    const auto left = clean_->list_below("run/");
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(left->front().key.str(), "run/t/0/scan.json");
}

TEST_F(ScanObjectTest, AnObjectThatIsNotThereIsRefusedAlone) {
    ObjectInfo info;
    info.key = ObjectKey("none.csv");
    const Table table = pairs();
    const auto report =
        scan_object(*engine_, ScanJob{table, *source_, info, 0, *clean_, "x/", {}, nullptr});
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->problem_code, "file.unreadable");
    EXPECT_THAT(report->problem_message, testing::StartsWith("none.csv: cannot open "));
    ASSERT_EQ(clean_->list_below("x/")->size(), 1U);
    EXPECT_EQ(clean_->list_below("x/")->front().key.str(), "x/scan.json");
}

TEST_F(ScanObjectTest, EveryTypeArrivesAndNullToo) {
    const auto report =
        scan(all_types(),
             "1,-7,1.5,-12345.67,1234567890.12,123456789012345678901234567890.12,2.5,yes,"
             "a text that is longer than twelve,2021-02-03,2021-02-03T04:05:06Z\n"
             "2,,,,,,,,,,\n"
             "3,8,-0.1,0.01,-0.01,-0.01,-1e3,f,short,1969-12-31,1969-12-31T23:59:59.5Z\n");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->clean, 3U);
    EXPECT_TRUE(report->keys_rising);
    EXPECT_EQ(report->first_key, "1");
    EXPECT_EQ(report->last_key, "3");
    EXPECT_THAT(
        rows_of("SELECT concat_ws('|', *COLUMNS(* EXCLUDE (_position))) FROM " +
                file("part-0000.parquet") + " t ORDER BY id"),
        ElementsAre("1|-7|1.5|-12345.67|1234567890.12|123456789012345678901234567890.12|2.5|true|"
                    "a text that is longer than twelve|2021-02-03|2021-02-03 04:05:06",
                    "2",
                    "3|8|-0.1|0.01|-0.01|-0.01|-1000.0|false|short|1969-12-31|"
                    "1969-12-31 23:59:59.5"));
    EXPECT_THAT(rows_of("SELECT CAST(_position - (5::BIGINT << 48) AS VARCHAR) FROM " +
                        file("part-0000.parquet") + " ORDER BY id LIMIT 1"),
                ElementsAre("0"));
}

TEST_F(ScanObjectTest, RejectsAreNumberedAndOrdered) {
    const auto report = scan(pairs(), "1,2\nx,3\n,\nx,3\n4,y\n");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->read, 5U);
    EXPECT_EQ(report->clean, 1U);
    EXPECT_EQ(report->rejected, 4U);
    EXPECT_EQ(report->rejects_by_code.at("value.not_integer"), 3U);
    EXPECT_EQ(report->rejects_by_code.at("value.missing"), 1U);
    EXPECT_EQ(report->examples.size(), 4U);
    EXPECT_THAT(rows_of("SELECT concat_ws('|', line, \"offset\", length, raw, occurrence) FROM " +
                        file("rejects-0000.parquet")),
                ElementsAre("2|4|3|x,3|1", "3|8|1|,|1", "4|10|3|x,3|2", "5|14|3|4,y|1"));
    const auto stored = parse_scan_report(
        *read_object(*clean_, ObjectKey("run/t/0/scan.json"), std::size_t{1} << 20));
    ASSERT_TRUE(stored.ok());
    EXPECT_EQ(stored->rejected, 4U);
    EXPECT_EQ(stored->examples[0].id, report->examples[0].id);
}

Table checked() {
    Table table = pairs();
    table.columns[0].min = Value(std::int64_t{0});
    table.checks = {{"small", "i < 10"}, {"product", "id * 1000000000000 * i < 100"}};
    return table;
}

constexpr const char* kChecked =
    "1,2\n"              // breaks product
    "0,20\n"             // breaks small
    "-5,30\n"            // breaks the column's rule and small
    "0,3\n"              // passes
    "0,\n"               // NULL passes
    "x,40\n"             // does not decode: checks are not evaluated
    "900000000000,9\n";  // product overflows: cannot be evaluated, does not hold

TEST_F(ScanObjectTest, RowChecksRejectAndJoinOtherReasons) {
    const auto report = scan(checked(), kChecked);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->clean, 2U);
    EXPECT_EQ(report->rejected, 5U);
    EXPECT_EQ(report->rejects_by_code.at("row.check"), 4U);
    EXPECT_THAT(rows_of("SELECT raw::VARCHAR || ' ' || list_aggr(from_json(reasons->'$[*].message',"
                        " '[\"VARCHAR\"]'), 'string_agg', '; ') FROM " +
                        file("rejects-0000.parquet")),
                ElementsAre(HasSubstr("1,2 the check 'product' does not hold"),
                            HasSubstr("0,20 the check 'small' does not hold"),
                            testing::AllOf(HasSubstr("-5,30 "), HasSubstr("; the check 'small'")),
                            HasSubstr("x,40 "),
                            HasSubstr("900000000000,9 the check 'product'")));
}

TEST_F(ScanObjectTest, ValidateTellsTheSameWithoutOutputs) {
    for (const bool with_checks : {false, true}) {
        Table table = with_checks ? checked() : pairs();
        std::ofstream(folder_.path() / "in" / "a.csv", std::ios::binary) << kChecked;
        auto reader = source_->open(ObjectKey("a.csv"));
        std::vector<std::uint64_t> lines;
        std::vector<std::string> ids;
        const auto report = validate_object(
            with_checks ? engine_.get() : nullptr,
            table,
            **reader,
            2,
            [&](const RejectEntry& entry) {
                lines.push_back(entry.line);
                ids.push_back(entry.id.str());
                return Result<void>();
            },
            {},
            nullptr);
        ASSERT_TRUE(report.ok()) << report.error().message;
        EXPECT_EQ(report->read, 7U);
        EXPECT_EQ(lines.size(), report->rejected);
        EXPECT_EQ(lines,
                  with_checks ? (std::vector<std::uint64_t>{1, 2, 3, 6, 7})
                              : (std::vector<std::uint64_t>{6}));
        EXPECT_EQ(ids.front().size(), 32U);
    }
}

TEST_F(ScanObjectTest, ManyBlocksArriveWhole) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) {
        text += std::to_string(i) + "," + std::to_string(i % 7) + "\n";
    }
    const auto report = scan(pairs(), text);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->clean, 1'000'000U);
    EXPECT_THAT(rows_of("SELECT concat_ws('|', count(*), count(DISTINCT id), sum(i)) FROM " +
                        file("part-0000.parquet")),
                ElementsAre("1000000|1000000|2999997"));
}

TEST_F(ScanObjectTest, ACancelledScanLeavesNothing) {
    std::ofstream(folder_.path() / "in" / "a.csv") << "1,2\n";
    CancelToken cancel;
    cancel.cancel();
    ObjectInfo info;
    info.key = ObjectKey("a.csv");
    const Table table = pairs();
    const auto stopped =
        scan_object(*engine_, ScanJob{table, *source_, info, 0, *clean_, "x/", {}, &cancel});
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(clean_->list_below("x/")->empty());
}

}  // namespace
}  // namespace muster
