#include <algorithm>

#include "rows_fixture.h"

namespace muster {
namespace {

// A table with every type, half of its values NULL.
class ListTest : public RowsTest {
  protected:
    void SetUp() override {
        RowsTest::SetUp();
        Table all;
        all.name = TableName("all_types");
        all.columns = {column("part", TypeKind::kString),
                       column("id", TypeKind::kInt64),
                       column("small", TypeKind::kInt32, true),
                       column("price", TypeKind::kDecimal, true),
                       column("wide", TypeKind::kDecimal, true),
                       column("rate", TypeKind::kDouble, true),
                       column("flag", TypeKind::kBool, true),
                       column("name", TypeKind::kString, true),
                       column("day", TypeKind::kDate, true),
                       column("at", TypeKind::kTimestamp, true)};
        all.columns[3].type = {TypeKind::kDecimal, 8, 2};
        all.columns[4].type = {TypeKind::kDecimal, 38, 3};
        all.key = {"part", "id"};
        all.api_allow_null = true;
        Catalog catalog = catalog_;
        catalog.tables.push_back(all);
        use(catalog);
        std::string body;
        for (int i = 0; i < 40; ++i) {
            body += (i == 0 ? "[" : ",") + row_json(i);
        }
        ASSERT_EQ(insert("all_types", body + "]"), "40+0+0-0");
    }

    static std::string row_json(int i) {
        const std::string n = std::to_string(i / 4);
        std::string json = R"({"part":")" + std::string(1, static_cast<char>('a' + i % 3)) +
                           R"(","id":)" + std::to_string(i);
        if (i % 2 == 0) {
            json += R"(,"small":)" + n + R"(,"price":)" + n + R"(.25,"wide":-1)" + n +
                    R"(00000000000000000000000000000.125,"rate":)" + n + R"(.1,"flag":)" +
                    (i % 4 == 0 ? "true" : "false") + R"(,"name":"ünï )" + n +
                    R"(","day":"2021-01-1)" + n + R"(","at":"2021-01-01T00:00:0)" + n +
                    R"(.000001Z")";
        }
        return json + "}";
    }

    // All rows by pages, through cursors.
    std::vector<Row> pages(RowQuery query) {
        std::vector<Row> rows;
        for (;;) {
            const auto page = rows_->list(table("all_types"), query);
            EXPECT_TRUE(page.ok()) << page.error().message;
            if (!page.ok()) {
                return rows;
            }
            rows.insert(rows.end(), page->rows.begin(), page->rows.end());
            if (!page->more) {
                return rows;
            }
            const std::string cursor = encode_cursor(table("all_types"), query, rows.back());
            query.after = decode_cursor(table("all_types"), query, cursor);
            EXPECT_TRUE(query.after.has_value());
            if (!query.after) {
                return rows;
            }
        }
    }
};

TEST_F(ListTest, PagesOfAnySizeInAnyOrderAreTheWholeList) {
    for (std::size_t column = 0; column < table("all_types").columns.size(); ++column) {
        for (const bool descending : {false, true}) {
            RowQuery query{.order_by = column, .descending = descending, .limit = 1000};
            const std::vector<Row> whole = pages(query);
            ASSERT_EQ(whole.size(), 40U);
            for (const std::size_t limit : {1U, 7U, 39U, 40U}) {
                query.limit = limit;
                EXPECT_EQ(pages(query), whole) << column << descending << limit;
            }
            const bool null_first = std::holds_alternative<std::monostate>(whole[0][column]);
            EXPECT_EQ(null_first, descending && column >= 2);
        }
    }
}

TEST_F(ListTest, DescendingIsAscendingTurnedRound) {
    for (const std::size_t column : {2U, 3U, 7U, 9U}) {
        std::vector<Row> rows = pages({.order_by = column, .descending = true, .limit = 9});
        std::reverse(rows.begin(), rows.end());
        EXPECT_EQ(rows, pages({.order_by = column, .limit = 11}));
    }
}

TEST_F(ListTest, FiltersCountAndLimit) {
    RowQuery query;
    query.filters = {{0, std::string("b")}, {6, std::monostate{}}};
    query.count = true;
    query.limit = 3;
    const auto page = rows_->list(table("all_types"), query);
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_EQ(page->rows.size(), 3U);
    EXPECT_TRUE(page->more);
    EXPECT_EQ(page->total, 7);
    EXPECT_EQ(page->table_version, 1);
    query.count = false;
    EXPECT_FALSE(rows_->list(table("all_types"), query)->total.has_value());
    EXPECT_EQ(pages(query).size(), 7U);
}

TEST_F(ListTest, OneRowByItsKey) {
    const auto row = rows_->find(table("all_types"), {std::string("c"), std::int64_t{2}});
    ASSERT_TRUE(row.ok()) << row.error().message;
    ASSERT_TRUE(row->has_value());
    std::string text;
    for (std::size_t i = 0; i < (*row)->size(); ++i) {
        text += value_text(table("all_types").columns[i].type, (**row)[i]) + "|";
    }
    EXPECT_EQ(text,
              "c|2|0|0.25|-1000000000000000000000000000000.125|0.1|false|ünï "
              "0|2021-01-10|2021-01-01T00:00:00.000001Z|");
    const auto none = rows_->find(table("all_types"), {std::string("c"), std::int64_t{3}});
    ASSERT_TRUE(none.ok());
    EXPECT_FALSE(none->has_value());
}

TEST_F(ListTest, AnUpsertOfEveryTypeFindsItsRowUnchanged) {
    InsertRequest made = request("all_types", "[" + row_json(2) + "," + row_json(3) + "]");
    made.mode = WriteMode::kUpsert;
    EXPECT_EQ(insert(made), "0+0+2-0");
}

}  // namespace
}  // namespace muster
