#include "core/limits.h"

#include <gmock/gmock.h>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LedgerTest : public WarehouseTest {
  protected:
    RunRecord run(const std::string& id, const std::string& status = "running") {
        RunRecord record;
        record.run_id = id;
        record.status = status;
        record.trigger = "cli";
        record.started_at_us = clock_.now_us();
        TableOutcome planned;
        planned.table = "parents";
        record.tables = {planned};
        return record;
    }
};

TEST_F(LedgerTest, LeasesOfADeadProcessEndWhenTheFileIsOpenedAgain) {
    ASSERT_TRUE(warehouse_->acquire_lease("load", RunId("a")).ok());
    ASSERT_TRUE(warehouse_->prepare().ok());
    EXPECT_FALSE(warehouse_->acquire_lease("load", RunId("b")).ok()) << "its owner is alive";
    reopen();
    const auto taken = warehouse_->acquire_lease("load", RunId("b"));
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(*taken, RunId("a")) << "who left it behind";
    ASSERT_TRUE(warehouse_->prepare().ok());
    EXPECT_FALSE(warehouse_->acquire_lease("load", RunId("c")).ok()) << "its owner is alive";
}

TEST_F(LedgerTest, ALeaseIsHeldUntilItExpires) {
    ASSERT_TRUE(warehouse_->acquire_lease("load", RunId("a")).ok());
    clock_.advance_seconds(kLeaseSeconds - 1);
    const auto busy = warehouse_->acquire_lease("load", RunId("b"));
    ASSERT_FALSE(busy.ok());
    EXPECT_EQ(busy.error().code, ErrorCode::kBusy);
    EXPECT_THAT(busy.error().message, HasSubstr("run a holds the lease 'load' since 29 s"));
    ASSERT_TRUE(warehouse_->renew_lease("load", RunId("a")).ok());
    clock_.advance_seconds(kLeaseSeconds - 1);
    EXPECT_FALSE(warehouse_->acquire_lease("load", RunId("b")).ok());
    clock_.advance_seconds(1);
    EXPECT_TRUE(warehouse_->acquire_lease("load", RunId("b")).ok());
    EXPECT_EQ(warehouse_->renew_lease("load", RunId("a")).error().code, ErrorCode::kConflict);
    ASSERT_TRUE(warehouse_->release_lease("load", RunId("a")).ok());  // not its own: no effect
    EXPECT_FALSE(warehouse_->acquire_lease("load", RunId("c")).ok());
    ASSERT_TRUE(warehouse_->release_lease("load", RunId("b")).ok());
    const auto fresh = warehouse_->acquire_lease("load", RunId("c"));
    ASSERT_TRUE(fresh.ok());
    EXPECT_EQ(*fresh, std::nullopt);
}

TEST_F(LedgerTest, RunsAreFoundByAnUnambiguousPrefix) {
    ASSERT_TRUE(warehouse_->begin_run(run("20261124-aa")).ok());
    ASSERT_TRUE(warehouse_->begin_run(run("20261124-ab")).ok());
    EXPECT_EQ(warehouse_->run("2025").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(warehouse_->run("20261124").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(warehouse_->run("20261124-ab")->run_id, "20261124-ab");
    EXPECT_EQ(warehouse_->runs(1)->size(), 1U);
    EXPECT_EQ(warehouse_->runs(-1)->size(), 2U);
}

TEST_F(LedgerTest, OutcomesOfTablesComeBackAsTheyWere) {
    ASSERT_TRUE(warehouse_->begin_run(run("r1")).ok());
    TableOutcome outcome;
    outcome.table = "parents";
    outcome.status = "partial";
    outcome.error = "a \"quoted\" text\n";
    outcome.counts.read = 3;
    outcome.counts.inserted = 2;
    outcome.counts.rejected = 1;
    outcome.objects = {{"a.csv", "loaded", "", outcome.counts, 42}};
    outcome.rejects_by_code["value.missing"] = 1;
    outcome.seconds = 1.5;
    ASSERT_TRUE(warehouse_->finish_table(RunId("r1"), outcome).ok());
    ASSERT_TRUE(warehouse_->finish_table(RunId("r1"), outcome).ok());  // replaces
    RunRecord done = run("r1", "partial");
    done.finished_at_us = clock_.now_us() + 5;
    ASSERT_TRUE(warehouse_->finish_run(done).ok());
    const auto found = warehouse_->run("r1");
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->status, "partial");
    ASSERT_EQ(found->tables.size(), 1U);
    EXPECT_EQ(found->tables[0].error, outcome.error);
    EXPECT_EQ(found->tables[0].counts, outcome.counts);
    EXPECT_EQ(found->tables[0].objects[0].bytes, 42U);
    EXPECT_EQ(found->tables[0].rejects_by_code, outcome.rejects_by_code);
    EXPECT_DOUBLE_EQ(found->tables[0].seconds, 1.5);
}

TEST_F(LedgerTest, RunsWithoutALivingLeaseAreFinishedFromThePublications) {
    ASSERT_TRUE(warehouse_->begin_run(run("dead")).ok());
    ASSERT_TRUE(warehouse_->begin_run(run("published")).ok());
    ASSERT_TRUE(warehouse_->begin_run(run("alive")).ok());
    ASSERT_TRUE(warehouse_->acquire_lease("load", RunId("alive")).ok());
    ASSERT_TRUE(
        load(table("parents"), "published", {object(table("parents"), "a.csv", {"(1)"})}).ok());
    ASSERT_TRUE(warehouse_->reconcile().ok());
    EXPECT_EQ(warehouse_->run("dead")->status, "failed");
    EXPECT_EQ(warehouse_->run("published")->status, "succeeded");
    EXPECT_EQ(warehouse_->run("published")->tables.size(), 1U);
    EXPECT_EQ(warehouse_->run("alive")->status, "running");
    clock_.advance_seconds(kLeaseSeconds + 1);
    ASSERT_TRUE(warehouse_->reconcile().ok());
    EXPECT_EQ(warehouse_->run("alive")->status, "failed");
}

TEST_F(LedgerTest, ObjectVersionsAreReplacedAndTouched) {
    LoadObject first = object(table("parents"), "a.csv", {"(1)"});
    first.source.bytes = 10;
    first.source.mtime_ns = 5;
    ASSERT_TRUE(load(table("parents"), "r1", {first}).ok());
    ASSERT_TRUE(load(table("parents"), "r2", {first}).ok());
    ObjectInfo info = first.source;
    info.mtime_ns = 6;
    ASSERT_TRUE(warehouse_->touch_object(TableName("parents"), info).ok());
    const auto versions = warehouse_->object_versions(TableName("parents"));
    ASSERT_EQ(versions->size(), 1U);
    EXPECT_EQ(versions->front().run_id, "r2");
    EXPECT_EQ(versions->front().mtime_ns, 6);
    EXPECT_EQ(versions->front().counts.unchanged, 1);
    EXPECT_EQ(versions->front().content_hash, "hash of a.csv");
}

TEST_F(LedgerTest, RetentionRemovesOldRunsAndRejects) {
    ASSERT_TRUE(warehouse_->begin_run(run("old", "succeeded")).ok());
    ASSERT_TRUE(
        load(table("parents"), "old", {object(table("parents"), "a.csv", {"(1)"}, {"x"})}).ok());
    clock_.advance_seconds(std::int64_t{91} * 24 * 3600);
    ASSERT_TRUE(warehouse_->begin_run(run("new", "succeeded")).ok());
    ASSERT_TRUE(warehouse_->apply_retention(Retention{}).ok());
    EXPECT_EQ(warehouse_->runs(-1)->size(), 1U);
    EXPECT_EQ(rejects_of({}).size(), 1U);
    clock_.advance_seconds(std::int64_t{300} * 24 * 3600);
    ASSERT_TRUE(warehouse_->apply_retention(Retention{}).ok());
    EXPECT_TRUE(rejects_of({}).empty());
    EXPECT_THAT(rows_of("SELECT id FROM parents"), ElementsAre("1"));
}

}  // namespace
}  // namespace muster
