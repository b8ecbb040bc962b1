#include <gmock/gmock.h>

#include <fstream>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QueryTest : public WarehouseTest {
  protected:
    void SetUp() override {
        WarehouseTest::SetUp();
        run_sql("INSERT INTO items VALUES (1, 'a', NULL), (2, NULL, 3)");
        std::ofstream(folder_.path() / "secret.csv") << "a,b\n1,2\n";
    }
};

class RefusedQueryTest : public QueryTest, public testing::WithParamInterface<const char*> {};

TEST_P(RefusedQueryTest, IsAUsageError) {
    std::string sql = GetParam();
    if (const auto at = sql.find("FILE"); at != std::string::npos) {
        sql.replace(at, 4, (folder_.path() / "secret.csv").string());
    }
    const auto stream = warehouse_->query(sql, nullptr);
    ASSERT_FALSE(stream.ok()) << sql;
    EXPECT_EQ(stream.error().code, ErrorCode::kUsage) << stream.error().message;
    EXPECT_THAT(rows_of("SELECT count(*) FROM items"), ElementsAre("2"));
}

INSTANTIATE_TEST_SUITE_P(
    Statements,
    RefusedQueryTest,
    testing::Values("",
                    "nonsense",
                    "DELETE FROM items",
                    "INSERT INTO items VALUES (3, 'c', NULL)",
                    "DROP TABLE items",
                    "SELECT 1; DELETE FROM items",
                    "SELECT 1; SELECT 2",
                    "COPY items TO 'FILE'",
                    "ATTACH 'FILE' AS other",
                    "PRAGMA database_list",
                    "SET memory_limit = '1GB'",
                    "CALL pragma_version()",
                    "EXPLAIN ANALYZE DELETE FROM items",
                    "SELECT * FROM 'FILE'",
                    "SELECT * FROM \"FILE\"",
                    "SELECT * FROM read_csv('FILE')",
                    "SELECT * FROM read_text('FILE')",
                    "SELECT * FROM read_blob('FILE')",
                    "SELECT * FROM parquet_metadata('FILE')",
                    "SELECT * FROM sniff_csv('FILE')",
                    "SELECT * FROM glob('/*')",
                    "SELECT * FROM query('SELECT * FROM ''FILE''')",
                    "SELECT * FROM query_table('FILE')",
                    "SELECT * FROM secret.csv",
                    "SELECT * FROM main.csv",
                    "SELECT (SELECT count(*) FROM read_text('FILE'))",
                    "WITH c AS (SELECT * FROM read_text('FILE')) SELECT * FROM c",
                    "SELECT * FROM items WHERE id IN (SELECT a FROM 'FILE')",
                    "SELECT * FROM items UNION ALL SELECT 1, content, 2 FROM read_text('FILE')",
                    "SELECT * FROM json_execute_serialized_sql('x')",
                    "SELECT write_log('x')",
                    "SELECT * FROM duckdb_secrets()",
                    "SELECT * FROM muster_scan(1)",
                    "SELECT muster_keep(1, 2, true, 3)",
                    "DESCRIBE 'FILE'",
                    "SUMMARIZE items",
                    "SHOW TABLES",
                    "SELECT no_such_column FROM items",
                    "SELECT * FROM no_such_table",
                    "SELECT * FROM items.items"));

TEST_F(QueryTest, SelectsPassWithTypedColumns) {
    EXPECT_THAT(rows_of("SELECT id, name FROM items ORDER BY id;"), ElementsAre("1|a", "2|NULL"));
    EXPECT_THAT(rows_of("WITH c AS (SELECT id FROM items) SELECT sum(id), avg(id) FROM c"),
                ElementsAre("3|1.5"));
    EXPECT_THAT(rows_of("SELECT * FROM main.items i JOIN range(1, 2) r(n) ON r.n = i.id -- note"),
                ElementsAre("1|a|NULL|1"));
    EXPECT_THAT(rows_of("SELECT [1, 2] AS l, TIME '10:00:00' AS t, 1.25::DECIMAL(5,2) AS d"),
                ElementsAre("[1, 2]|10:00:00|1.25"));
    EXPECT_THAT(rows_of("SELECT TIMESTAMP '2021-01-02 03:04:05', DATE '2021-01-02', true"),
                ElementsAre("2021-01-02T03:04:05Z|2021-01-02|true"));
    EXPECT_THAT(rows_of("SELECT count(*) FROM range(100000)"), ElementsAre("100000"));
    EXPECT_THAT(rows_of("SELECT state FROM muster.rejects"), ElementsAre());
}

TEST_F(QueryTest, AnErrorWhileRowsAreReadIsReported) {
    EXPECT_THAT(rows_of("SELECT CAST(name AS INTEGER) FROM items"),
                ElementsAre(HasSubstr("Could not convert")));
}

TEST_F(QueryTest, ReportsCastToTheirDeclaredColumns) {
    Report report;
    report.name = ReportName("by_id");
    report.sql = "SELECT count(*) AS n, max(name) AS top FROM items WHERE id >= $lowest;\n";
    report.columns = {{"top", {TypeKind::kString, 0, 0}}, {"n", {TypeKind::kInt32, 0, 0}}};
    auto stream = warehouse_->report(
        report, {{"lowest", {TypeKind::kInt64, 0, 0}, std::int64_t{1}}}, nullptr);
    ASSERT_TRUE(stream.ok()) << stream.error().message;
    std::vector<Value> row;
    ASSERT_TRUE(*(*stream)->next(row));
    EXPECT_EQ(row, (std::vector<Value>{std::string("a"), std::int64_t{2}}));
    EXPECT_EQ((*stream)->columns()[1].type.kind, TypeKind::kInt32);
    EXPECT_FALSE(*(*stream)->next(row));

    report.sql = "SELECT 1 AS other";
    const auto refused = warehouse_->report(report, {}, nullptr);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("report by_id"));
}

}  // namespace
}  // namespace muster
