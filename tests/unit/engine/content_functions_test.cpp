#include "engine/detail/content_functions.h"

#include "engine/detail/duckdb_handle.h"
#include "support/temp_folder.h"

#include <gmock/gmock.h>

#include "unit/archive/archive_rows.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ContentFunctionsTest : public testing::Test {
  protected:
    void SetUp() override {
        EngineOptions options;
        options.memory_limit_bytes = 256U << 20U;
        options.temp_dir = folder_.path() / "tmp";
        options.threads = 2;
        engine_ = std::move(Engine::open(options)).value();
        connection_.emplace(std::move(engine_->handle().connect()).value());
    }

    FileContent query_content(const ArchiveTable& table, const std::string& source) {
        auto rows = connection_->query("SELECT " + content_select_list(table) + " FROM " + source);
        EXPECT_TRUE(rows.ok()) << rows.error().message;
        return *read_content(*rows);
    }

    const TempFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::optional<Connection> connection_;
};

TEST_F(ContentFunctionsTest, TypesThatNoTableHasCannotBeHashed) {
    for (const char* value : {"1::FLOAT",
                              "1::HUGEINT",
                              "1::UBIGINT",
                              "'x'::BLOB",
                              "[1, 2]",
                              "TIME '12:00:00'",
                              "INTERVAL 1 DAY",
                              "TIMESTAMPTZ '2021-01-01 00:00:00Z'",
                              "NULL"}) {
        const auto rows =
            connection_->query(std::string("SELECT muster_row_hash(1, ") + value + ")");
        ASSERT_FALSE(rows.ok()) << value;
        EXPECT_THAT(rows.error().message, HasSubstr("argument 2 has a type that no table has"));
    }
}

TEST_F(ContentFunctionsTest, IntegersOfEveryWidthHashAlike) {
    EXPECT_EQ(*connection_->scalar(
                  "SELECT count(DISTINCT h) FROM (VALUES (muster_row_hash(7::TINYINT)),"
                  " (muster_row_hash(7::SMALLINT)), (muster_row_hash(7::INTEGER)),"
                  " (muster_row_hash(7::BIGINT)), (muster_row_hash(7::UTINYINT)),"
                  " (muster_row_hash(7::USMALLINT)), (muster_row_hash(7::UINTEGER))) t(h)"),
              1);
    EXPECT_EQ(*connection_->scalar(
                  "SELECT count(DISTINCT h) FROM (VALUES (muster_row_hash(7::DECIMAL(4,0))),"
                  " (muster_row_hash(7::DECIMAL(9,0))), (muster_row_hash(7::DECIMAL(18,0))),"
                  " (muster_row_hash(7::DECIMAL(38,0)))) t(h)"),
              1);
}

TEST_F(ContentFunctionsTest, VectorsOfEveryShapeHashAlike) {
    const ArchiveTable table{
        "t", {{"id", {TypeKind::kInt64, 0, 0}, false}, {"name", {TypeKind::kString, 0, 0}, true}}};
    const auto made = connection_->execute(
        "CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 3 > 0 THEN 'a longer text ' || i % 4 END"
        " AS name FROM range(10000) r(i)");
    ASSERT_TRUE(made.ok()) << made.error().message;
    FileContent expected;
    for (std::int64_t id = 0; id < 10'000; ++id) {
        const Value name = id % 3 > 0 ? Value("a longer text " + std::to_string(id % 4)) : Value();
        expected.checksum.add(hash_row(table, {id, name}));
        ++expected.rows;
    }
    EXPECT_EQ(query_content(table, "t"), expected);
    EXPECT_EQ(query_content(table, "(SELECT * FROM t ORDER BY name, id DESC)"), expected);
    // A filter hands on selections of vectors, a join dictionaries, a literal a constant.
    const FileContent even = query_content(table, "(FROM t WHERE id % 2 = 0)");
    const FileContent odd = query_content(table, "(FROM t WHERE id % 2 = 1)");
    EXPECT_EQ(even.rows + odd.rows, expected.rows);
    EXPECT_TRUE(even.checksum.sum + odd.checksum.sum == expected.checksum.sum);
    EXPECT_EQ(query_content(table,
                            "(SELECT t.id, n.name FROM t JOIN (SELECT DISTINCT id % 12 AS k, name "
                            "FROM t) n ON t.id % 12 = n.k)"),
              expected);
    const FileContent constant = query_content(table, "(SELECT 5 AS id, 'x' AS name FROM t)");
    EXPECT_TRUE(constant.checksum.sum ==
                hash_row(table, {std::int64_t{5}, std::string("x")}) * Uint128{10'000});
}

TEST_F(ContentFunctionsTest, TheSumIgnoresNullAndWrapsAround) {
    const auto sum = [this](const std::string& values) {
        auto rows =
            connection_->query("SELECT muster_sum(v), count(*) FROM (VALUES " + values + ") t(v)");
        return checksum_text(read_content(*rows)->checksum);
    };
    const std::string most = "340282366920938463463374607431768211455::UHUGEINT";
    EXPECT_EQ(sum("(NULL::UHUGEINT)"), std::string(32, '0'));
    EXPECT_EQ(sum("(NULL), (5::UHUGEINT), (NULL)"), std::string(31, '0') + "5");
    EXPECT_EQ(sum("(" + most + "), (3::UHUGEINT)"), std::string(31, '0') + "2");
    auto groups = connection_->query(
        "SELECT g, muster_sum(v::UHUGEINT) FROM (VALUES (1, 2), (2, 3), (1, 4)) t(g, v) GROUP BY g "
        "ORDER BY g");
    ASSERT_TRUE(groups.ok());
    std::vector<std::uint64_t> sums;
    while (*groups->next()) {
        sums.push_back(static_cast<const duckdb_uhugeint*>(groups->cell(1))->lower);
    }
    EXPECT_THAT(sums, ElementsAre(6U, 3U));
}

}  // namespace
}  // namespace muster
