#include "warehouse/duckdb/key_ranges.h"

#include "engine/detail/duckdb_handle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "fixture.h"

namespace muster {
namespace {

constexpr std::int64_t kRows = 100'000;

class KeyRangesTest : public WarehouseTest {
  protected:
    // How many rows of `relation` each range holds.
    std::vector<std::int64_t> sizes(const Table& table,
                                    const std::string& relation,
                                    std::uint64_t memory_bytes) {
        auto connection = engine_->handle().connect();
        const auto ranges =
            KeyRanges::split(*connection, table, relation, kRows, memory_bytes).value();
        std::vector<std::int64_t> found;
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            found.push_back(*connection->scalar("SELECT count(*) FROM " + relation + " t WHERE " +
                                                ranges.condition(i, "t.")));
        }
        return found;
    }
};

TEST_F(KeyRangesTest, WhatFitsIntoMemoryIsOneRange) {
    EXPECT_THAT(sizes(table("items"), "(SELECT range AS id FROM range(100000))", 1U << 30),
                testing::ElementsAre(kRows));
}

TEST_F(KeyRangesTest, EveryRowIsInOneRangeAndNoneIsLarge) {
    const std::vector<std::string> relations = {
        "(SELECT range AS id FROM range(100000))",
        "(SELECT -range * 1000003 AS id FROM range(100000))",
        "(SELECT (range * 7919) % 100000 AS id FROM range(100000))",
    };
    for (const std::string& relation : relations) {
        const auto found = sizes(table("items"), relation, 1U << 20);
        EXPECT_EQ(found.size(), 13U) << relation;  // 100,000 rows of 64 bytes in half a MiB
        EXPECT_EQ(std::accumulate(found.begin(), found.end(), std::int64_t{0}), kRows);
        EXPECT_LT(*std::max_element(found.begin(), found.end()), kRows / 6) << relation;
    }
}

TEST_F(KeyRangesTest, KeysOfTextAndTheirQuotesAreCutAsText) {
    Table& items = table("items");
    items.key = {"name"};
    const auto found = sizes(
        items, "(SELECT 'it''s \"' || range || '\u00e9' AS name FROM range(100000))", 1U << 20);
    EXPECT_GT(found.size(), 10U);
    EXPECT_EQ(std::accumulate(found.begin(), found.end(), std::int64_t{0}), kRows);
}

TEST_F(KeyRangesTest, OneKeyForAllRowsIsCutNoFurther) {
    const auto found = sizes(table("items"), "(SELECT 5 AS id FROM range(100000))", 1U << 20);
    EXPECT_EQ(std::accumulate(found.begin(), found.end(), std::int64_t{0}), kRows);
    EXPECT_LE(found.size(), 2U);
}

}  // namespace
}  // namespace muster
