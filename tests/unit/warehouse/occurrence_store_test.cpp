// What the state store keeps of schedules.
#include "core/limits.h"
#include "warehouse/postgres/connection.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kNow = 1'764'000'000'000'000;
constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;

class OccurrenceStoreTest : public WarehouseTest {
  protected:
    OccurrenceStore& store() { return warehouse_->state(); }
    // In the database that holds the store.
    void change(const std::string& sql) {
        if (postgres_url_.empty()) {
            run_sql(sql);
            return;
        }
        auto connection = PgConnection::open({.url = postgres_url_}, nullptr);
        ASSERT_TRUE(connection.ok());
        ASSERT_TRUE((*connection)->execute(sql).ok());
    }
    std::vector<std::string> rows() {
        return rows_of("SELECT job, planned_at_us - " + std::to_string(kNow) +
                       ", outcome, detail FROM muster.occurrences ORDER BY 1, 2, 3, 4");
    }
};

TEST_F(OccurrenceStoreTest, AnOccurrenceIsClaimedOnceEver) {
    EXPECT_TRUE(*store().claim_occurrence("run", kNow, kNow));
    EXPECT_FALSE(*store().claim_occurrence("run", kNow, kNow));
    reopen();
    EXPECT_FALSE(*store().claim_occurrence("run", kNow, kNow + kDay));
    EXPECT_TRUE(*store().claim_occurrence("backup", kNow, kNow));
    EXPECT_TRUE(*store().claim_occurrence("run", kNow - 1, kNow)) << "before the last, but not it";
}

TEST_F(OccurrenceStoreTest, OneOfManyClaimsWins) {
    std::atomic<int> claimed{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { claimed += *store().claim_occurrence("run", kNow, kNow); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(claimed, 1);
    EXPECT_THAT(rows(), ElementsAre("run|0|started|"));
}

TEST_F(OccurrenceStoreTest, WhatWasNotFinishedIsInterrupted) {
    ASSERT_TRUE(*store().claim_occurrence("run", kNow, kNow));
    ASSERT_TRUE(*store().claim_occurrence("run", kNow + 1, kNow));
    ASSERT_TRUE(*store().claim_occurrence("backup", kNow, kNow));
    ASSERT_TRUE(store().finish_occurrence("run", kNow, "failed", "it's 50 %", kNow + 2).ok());
    reopen();
    EXPECT_EQ(*store().interrupt_occurrences("run", kNow + 3), 1);
    EXPECT_EQ(*store().interrupt_occurrences("run", kNow + 3), 0);
    EXPECT_THAT(rows(),
                ElementsAre("backup|0|started|", "run|0|failed|it's 50 %", "run|1|interrupted|"));
}

TEST_F(OccurrenceStoreTest, WhatCouldNotBeFinishedIsInterrupted) {
    ASSERT_TRUE(*store().claim_occurrence("run", kNow, kNow));
    change("ALTER TABLE muster.occurrences RENAME TO elsewhere");
    EXPECT_FALSE(store().finish_occurrence("run", kNow, "succeeded", "", kNow + 2).ok());
    change("ALTER TABLE muster.elsewhere RENAME TO occurrences");
    reopen();
    EXPECT_EQ(*store().interrupt_occurrences("run", kNow + 3), 1);
    EXPECT_THAT(rows(), ElementsAre("run|0|interrupted|"));
}

TEST_F(OccurrenceStoreTest, WhatIsFinishedByTheSecondTryIsNotInterruptedAndWhatFollowsIs) {
    ASSERT_TRUE(*store().claim_occurrence("run", kNow, kNow));
    change("ALTER TABLE muster.occurrences RENAME TO elsewhere");
    EXPECT_FALSE(store().finish_occurrence("run", kNow, "succeeded", "", kNow + 2).ok());
    change("ALTER TABLE muster.elsewhere RENAME TO occurrences");
    ASSERT_TRUE(store().finish_occurrence("run", kNow, "succeeded", "", kNow + 2).ok());
    EXPECT_EQ(*store().interrupt_occurrences("run", kNow + 3), 0);
    ASSERT_TRUE(*store().claim_occurrence("run", kNow + 1, kNow + 3));
    reopen();
    EXPECT_EQ(*store().interrupt_occurrences("run", kNow + 4), 1);
    EXPECT_THAT(rows(), ElementsAre("run|0|succeeded|", "run|1|interrupted|"));
}

TEST_F(OccurrenceStoreTest, TheLastOccurrenceUntilAnInstant) {
    EXPECT_FALSE(store().last_occurrence("run", kNow)->has_value());
    ASSERT_TRUE(*store().claim_occurrence("run", kNow, kNow + 5));
    ASSERT_TRUE(*store().claim_occurrence("run", kNow + kDay, kNow));
    ASSERT_TRUE(store().finish_occurrence("run", kNow, "succeeded", "run x", kNow + 9).ok());
    const auto last = **store().last_occurrence("run", kNow + kDay - 1);
    EXPECT_EQ(last.planned_at_us, kNow);
    EXPECT_EQ(last.claimed_at_us, kNow + 5);
    EXPECT_EQ(last.finished_at_us, kNow + 9);
    EXPECT_EQ(last.outcome, "succeeded");
    EXPECT_EQ(last.detail, "run x");
    EXPECT_EQ((*store().last_occurrence("run", kNow + kDay))->planned_at_us, kNow + kDay);
    EXPECT_FALSE(store().last_occurrence("backup", kNow + kDay)->has_value());
}

TEST_F(OccurrenceStoreTest, AJobIsScheduledSinceItsDefinitionIsThere) {
    EXPECT_EQ(*store().scheduled_since("run", "0 3 * * * UTC", kNow), kNow);
    EXPECT_EQ(*store().scheduled_since("backup", "0 3 * * * UTC", kNow + 1), kNow + 1);
    reopen();
    EXPECT_EQ(*store().scheduled_since("run", "0 3 * * * UTC", kNow + kDay), kNow);
    EXPECT_EQ(*store().scheduled_since("run", "0 4 * * * UTC", kNow + kDay), kNow + kDay);
    EXPECT_EQ(*store().scheduled_since("run", "0 3 * * * UTC", kNow + 2 * kDay), kNow + 2 * kDay)
        << "back again, but not all the time";
}

TEST_F(OccurrenceStoreTest, OldOccurrencesExpireExceptTheLastOfAJob) {
    ASSERT_TRUE(*store().claim_occurrence("run", kNow, kNow));
    ASSERT_TRUE(*store().claim_occurrence("run", kNow + 1, kNow + 1));
    ASSERT_TRUE(*store().claim_occurrence("run", kNow + 2, kNow + 2));
    ASSERT_TRUE(*store().claim_occurrence("backup", kNow, kNow));
    StateStore& state = warehouse_->state();
    ASSERT_TRUE(state.expire(kNow + kOccurrencesKeptDays * kDay + 1, 365).ok());
    EXPECT_THAT(rows(), ElementsAre("backup|0|started|", "run|1|started|", "run|2|started|"));
    ASSERT_TRUE(state.expire(kNow + 10 * kOccurrencesKeptDays * kDay, 365).ok());
    EXPECT_THAT(rows(), ElementsAre("backup|0|started|", "run|2|started|"));
}

}  // namespace
}  // namespace muster
