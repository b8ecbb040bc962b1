#include "rows/rows.h"

#include <gtest/gtest.h>

#include "../warehouse/fixture.h"

namespace muster {
namespace {

TEST(CursorTest, BelongsToItsList) {
    const Catalog catalog = test_catalog();
    const Table& items = catalog.tables[1];
    RowQuery query;
    query.order_by = 1;
    query.filters = {{2, std::int64_t{7}}};
    const Row last = {std::int64_t{-5}, std::string("a\"\n\xC3\xBC"), std::int64_t{7}};
    const std::string cursor = encode_cursor(items, query, last);
    EXPECT_EQ(cursor.find_first_of("+/=\"{"), std::string::npos);
    const auto after = decode_cursor(items, query, cursor);
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(*after, (Row{last[1], last[0]}));

    std::vector<RowQuery> others(4, query);
    others[0].descending = true;
    others[1].order_by.reset();
    others[2].filters[0].value = std::int64_t{8};
    others[3].filters[0].value = Value{};
    for (const RowQuery& other : others) {
        EXPECT_FALSE(decode_cursor(items, other, cursor).has_value());
    }
    Table renamed = items;
    renamed.name = TableName("others");
    EXPECT_FALSE(decode_cursor(renamed, query, cursor).has_value());
    for (const std::string& bad : {std::string(),
                                   std::string("e30"),
                                   std::string("%%"),
                                   cursor.substr(1),
                                   std::string(10'000, 'A')}) {
        EXPECT_FALSE(decode_cursor(items, query, bad).has_value()) << bad;
    }
}

TEST(CursorTest, KeepsNull) {
    const Catalog catalog = test_catalog();
    RowQuery query;
    query.order_by = 1;
    const Row last = {std::int64_t{1}, Value{}, Value{}};
    const std::string cursor = encode_cursor(catalog.tables[1], query, last);
    EXPECT_EQ(decode_cursor(catalog.tables[1], query, cursor), (Row{Value{}, std::int64_t{1}}));
}

}  // namespace
}  // namespace muster
