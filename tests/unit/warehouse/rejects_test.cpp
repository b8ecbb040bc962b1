#include <gmock/gmock.h>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RejectsTest : public WarehouseTest {
  protected:
    void load_with(const std::string& run, const std::vector<std::string>& rejects) {
        const auto outcome =
            load(table("parents"), run, {object(table("parents"), "a.csv", {"(1)"}, rejects)});
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    }
    std::vector<std::string> states() {
        return rows_of("SELECT state, run_id, last_seen_run FROM muster.rejects ORDER BY raw");
    }
    RejectId id_of(const std::string& raw) {
        return RejectId(reject_id_text("parents", raw_hash_text(hash_raw(raw)), 1));
    }
};

TEST_F(RejectsTest, ARejectSeenAgainIsTheSameOne) {
    load_with("r1", {"x", "y"});
    load_with("r2", {"x"});
    EXPECT_THAT(states(), ElementsAre("open|r1|r2", "gone|r1|r1"));
    load_with("r3", {"y"});
    EXPECT_THAT(states(), ElementsAre("gone|r1|r2", "open|r1|r3"));
}

TEST_F(RejectsTest, AWaivedRejectStaysWaived) {
    load_with("r1", {"x"});
    EXPECT_EQ(warehouse_->waive_reject(RejectId("nothing"), "").error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(warehouse_->waive_reject(id_of("x"), "known fault of the source").ok());
    load_with("r2", {"x"});
    EXPECT_THAT(states(), ElementsAre("waived|r1|r2"));
    load_with("r3", {});
    EXPECT_THAT(states(), ElementsAre("waived|r1|r2"));
}

TEST_F(RejectsTest, RejectsOfOtherObjectsAreNotGone) {
    load_with("r1", {"x"});
    ASSERT_TRUE(load(table("parents"), "r2", {object(table("parents"), "b.csv", {"(2)"})}).ok());
    EXPECT_THAT(states(), ElementsAre("open|r1|r1"));
}

TEST_F(RejectsTest, OneIdentityInTwoObjectsIsOneReject) {
    const auto outcome = load(table("parents"),
                              "r1",
                              {object(table("parents"), "a.csv", {}, {"x"}),
                               object(table("parents"), "b.csv", {}, {"x"})});
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->counts.rejected, 2);
    EXPECT_THAT(rejects_of({}), ElementsAre("a.csv:1 x error open value.missing:id="));
}

TEST_F(RejectsTest, AReplayMarksWhatPassedAndKeepsTheRestOpen) {
    load_with("r1", {"x", "y"});
    // The record at offset 0 mends x; the one at offset 50, for y, is refused again.
    const auto outcome = load(table("parents"),
                              "r2",
                              {object(table("parents"), "repair.csv", {"(5)"}, {"still bad"})},
                              {{0, id_of("x")}, {50, id_of("y")}});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_THAT(states(), ElementsAre("replayed|r1|r1", "open|r1|r2"));
    EXPECT_THAT(rows_of("SELECT state_note FROM muster.rejects WHERE state = 'replayed'"),
                ElementsAre("replayed by run r2"));
    EXPECT_EQ(warehouse_->object_versions(TableName("parents"))->size(), 1U);
    load_with("r3", {"x", "y"});
    EXPECT_THAT(states(), ElementsAre("replayed|r1|r3", "open|r1|r3"));
}

TEST_F(RejectsTest, FiltersAreAppliedTogether) {
    load_with("r1", {"x", "y"});
    RejectFilter filter;
    filter.code = "value.missing";
    filter.table = "parents";
    filter.run_id = "r1";
    EXPECT_EQ(rejects_of(filter).size(), 2U);
    filter.limit = 1;
    EXPECT_EQ(rejects_of(filter).size(), 1U);
    filter.limit = -1;
    filter.id_prefix = id_of("y").str().substr(0, 12);
    EXPECT_EQ(rejects_of(filter).size(), 1U);
    filter.code = "value.too_long";
    EXPECT_THAT(rejects_of(filter), IsEmpty());
}

}  // namespace
}  // namespace muster
