// Loads side by side: gates keep keys and references true whatever the order.
#include "warehouse/duckdb/gates.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;

class ConcurrentTest : public WarehouseTest {
  protected:
    // Loads every object at once, each in a run of its own; they must all succeed.
    void load_all(const Table& table, const std::vector<LoadObject>& objects) {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            threads.emplace_back([this, &table, &objects, i] {
                const auto outcome = load(table, fmt::format("r{}", i), {objects[i]});
                EXPECT_TRUE(outcome.ok()) << outcome.error().message;
            });
        }
    }
};

TEST_F(ConcurrentTest, LoadsOfTheSameKeysLeaveEachKeyOnce) {
    std::vector<LoadObject> objects;
    objects.reserve(6);
    for (int i = 0; i < 6; ++i) {
        objects.push_back(object(table("parents"),
                                 fmt::format("p{}.csv", i),
                                 {"(1)", "(2)", fmt::format("({})", i + 10)}));
    }
    load_all(table("parents"), objects);
    EXPECT_THAT(rows_of("SELECT count(*), count(DISTINCT id) FROM parents"), ElementsAre("8|8"));
    EXPECT_EQ(*warehouse_->table_version(TableName("parents")), 6);
}

TEST_F(ConcurrentTest, ReferencesHoldWhileTheirTargetsAreLoaded) {
    std::vector<std::pair<std::string, LoadObject>> loads;
    for (int i = 0; i < 4; ++i) {
        loads.emplace_back(
            "parents",
            object(table("parents"), fmt::format("p{}.csv", i), {fmt::format("({})", i)}));
        loads.emplace_back(
            "items",
            object(table("items"), fmt::format("i{}.csv", i), {fmt::format("({0}, 'a', {0})", i)}));
    }
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < loads.size(); ++i) {
            threads.emplace_back([this, &loads, i] {
                const auto outcome =
                    load(table(loads[i].first), fmt::format("r{}", i), {loads[i].second});
                EXPECT_TRUE(outcome.ok()) << outcome.error().message;
            });
        }
    }
    EXPECT_THAT(rows_of("SELECT count(*) FROM parents"), ElementsAre("4"));
    EXPECT_THAT(rows_of("SELECT count(*) FROM items ANTI JOIN parents ON parent_id = parents.id"),
                ElementsAre("0"));
    EXPECT_THAT(rows_of("SELECT (SELECT count(*) FROM items) + (SELECT count(*) FROM"
                        " muster.rejects WHERE state = 'open')"),
                ElementsAre("4"));
}

TEST(WriteGatesTest, CrossedReferencesDoNotWaitForEachOther) {
    WriteGates gates;
    std::atomic<int> inside{0};
    const auto work = [&](const std::string& target, const std::string& referenced) {
        for (int i = 0; i < 200; ++i) {
            const auto pass = gates.enter(target, {referenced}, nullptr);
            ASSERT_TRUE(pass.ok());
            EXPECT_EQ(++inside, 1);
            --inside;
        }
    };
    std::jthread one(work, "a", "b");
    std::jthread other(work, "b", "a");
}

TEST(WriteGatesTest, ReadersShareAndAWaiterCanBeStopped) {
    WriteGates gates;
    const auto first = gates.enter("x", {"parent"}, nullptr);
    const auto second = gates.enter("y", {"parent"}, nullptr);
    ASSERT_TRUE(first.ok() && second.ok());
    CancelToken cancel;
    cancel.cancel();
    const auto stopped = gates.enter("parent", {}, &cancel);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace muster
