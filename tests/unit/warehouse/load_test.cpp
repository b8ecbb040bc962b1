#include <gmock/gmock.h>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kItems = "SELECT id, name, parent_id FROM items ORDER BY id";

class LoadTest : public WarehouseTest {
  protected:
    std::string counts(const Result<TableOutcome>& outcome) {
        return outcome.ok() ? counts_text(outcome->counts) : outcome.error().message;
    }
};

TEST_F(LoadTest, AStagedFileThatIsDamagedChangesNothing) {
    LoadObject damaged = object(table("parents"), "a.csv", {"(1)", "(2)"});
    damaged.scan.clean = 3;
    damaged.scan.read = 3;
    const auto outcome = load(table("parents"), "r1", {damaged});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::kVerification);
    EXPECT_THAT(rows_of("SELECT * FROM parents"), IsEmpty());
}

TEST_F(LoadTest, CountsThatDoNotBalanceAreRolledBackWithTheNumbers) {
    LoadObject wrong = object(table("parents"), "a.csv", {"(1)", "(2)"});
    wrong.scan.read = 5;
    const auto outcome = load(table("parents"), "r1", {wrong});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::kInternal);
    EXPECT_THAT(outcome.error().message, HasSubstr("read 5, inserted 2"));
    EXPECT_THAT(rows_of("SELECT * FROM parents"), IsEmpty());
    EXPECT_EQ(*warehouse_->table_version(TableName("parents")), 0);
}

TEST_F(LoadTest, FirstLoadThenChangedUnchangedAndNewRows) {
    ASSERT_EQ(counts(load(table("parents"), "r1", {object(table("parents"), "p.csv", {"(7)"})})),
              "1 = 1+0+0+0+0");
    EXPECT_EQ(counts(load(table("items"),
                          "r1",
                          {object(table("items"),
                                  "a.csv",
                                  {"(3, 'c', NULL)", "(1, 'a', 7)", "(2, NULL, NULL)"})})),
              "3 = 3+0+0+0+0");
    const auto second = load(table("items"),
                             "r2",
                             {object(table("items"), "b.csv", {"(2, 'b', NULL)", "(1, 'a', 7)"}),
                              object(table("items"), "c.csv", {"(3, 'c', 7)", "(4, 'd', NULL)"})});
    ASSERT_EQ(counts(second), "4 = 1+2+1+0+0");
    EXPECT_EQ(counts_text(second->objects[0].counts), "2 = 0+1+1+0+0");
    EXPECT_EQ(counts_text(second->objects[1].counts), "2 = 1+1+0+0+0");
    EXPECT_THAT(rows_of(kItems), ElementsAre("1|a|7", "2|b|NULL", "3|c|7", "4|d|NULL"));
    EXPECT_EQ(*warehouse_->table_version(TableName("items")), 2);
    EXPECT_EQ(*warehouse_->row_count(TableName("items")), 4);
}

TEST_F(LoadTest, RisingKeysOfSeveralObjectsLoadTheSame) {
    ASSERT_EQ(
        counts(load(table("parents"),
                    "r1",
                    {rising(object(table("parents"), "a.csv", {"(1)", "(2)"}), "1", "2"),
                     rising(object(table("parents"), "b.csv", {}), "", ""),
                     rising(object(table("parents"), "c.csv", {"(10)", "(11)"}), "10", "11")})),
        "4 = 4+0+0+0+0");
    // 10 comes before 9 as text; keys are compared as values.
    EXPECT_EQ(counts(load(table("parents"),
                          "r2",
                          {rising(object(table("parents"), "a.csv", {"(8)", "(9)"}), "8", "9"),
                           rising(object(table("parents"), "b.csv", {"(9)", "(10)"}), "9", "10")})),
              "4 = 2+0+1+1+0");
    EXPECT_THAT(rows_of("SELECT id FROM parents ORDER BY id"),
                ElementsAre("1", "2", "8", "9", "10", "11"));
}

TEST_F(LoadTest, AFewRowsInALargeTableAreLookedUp) {
    run_sql("INSERT INTO items SELECT range, 'n' || range, NULL FROM range(1000)");
    EXPECT_EQ(counts(load(table("items"),
                          "r1",
                          {object(table("items"),
                                  "a.csv",
                                  {"(5, 'n5', NULL)", "(1000, 'new', NULL)", "(7, 'x', NULL)"})})),
              "3 = 1+1+1+0+0");
    EXPECT_THAT(rows_of("SELECT count(*), count(DISTINCT id), max(name) FROM items"),
                ElementsAre("1001|1001|x"));
}

TEST_F(LoadTest, EveryRowOfTheTableMayChange) {
    run_sql("INSERT INTO items VALUES (1, 'a', NULL), (2, 'b', NULL)");
    EXPECT_EQ(counts(load(table("items"),
                          "r1",
                          {object(table("items"),
                                  "a.csv",
                                  {"(1, 'x', NULL)", "(2, NULL, NULL)", "(3, 'z', NULL)"})})),
              "3 = 1+2+0+0+0");
    EXPECT_THAT(rows_of(kItems), ElementsAre("1|x|NULL", "2|NULL|NULL", "3|z|NULL"));
}

struct PolicyCase {
    DuplicatePolicy policy;
    const char* counts;
    std::vector<std::string> rows;
    std::size_t errors;
    std::size_t notices;
};

class PolicyTest : public LoadTest, public testing::WithParamInterface<PolicyCase> {};

TEST_P(PolicyTest, DuplicatesOverTwoObjects) {
    Table& items = table("items");
    items.on_duplicate_key = GetParam().policy;
    const auto outcome =
        load(items,
             "r1",
             {object(items, "a.csv", {"(1, 'first', NULL)", "(2, 'same', NULL)", "(3, 'x', NULL)"}),
              object(items, "b.csv", {"(1, 'last', NULL)", "(2, 'same', NULL)"})});
    EXPECT_EQ(counts(outcome), GetParam().counts);
    EXPECT_EQ(rows_of("SELECT id, name FROM items ORDER BY id"), GetParam().rows);
    RejectFilter filter;
    EXPECT_EQ(rejects_of(filter).size(), GetParam().errors);
    filter.severity = "notice";
    EXPECT_EQ(rejects_of(filter).size(), GetParam().notices);
}

INSTANTIATE_TEST_SUITE_P(
    Policies,
    PolicyTest,
    testing::Values(
        PolicyCase{DuplicatePolicy::kLast, "5 = 3+0+0+2+0", {"1|last", "2|same", "3|x"}, 0, 1},
        PolicyCase{DuplicatePolicy::kFirst, "5 = 3+0+0+2+0", {"1|first", "2|same", "3|x"}, 0, 1},
        PolicyCase{DuplicatePolicy::kReject, "5 = 2+0+0+1+2", {"2|same", "3|x"}, 2, 0}));

TEST_F(LoadTest, ALaterRecordWithinOneObjectWinsAndTheOtherIsANotice) {
    ASSERT_EQ(counts(load(table("items"),
                          "r1",
                          {object(table("items"), "a.csv", {"(1, 'x', NULL)", "(1, 'y', NULL)"})})),
              "2 = 1+0+0+1+0");
    RejectFilter filter;
    filter.severity = "notice";
    EXPECT_THAT(rejects_of(filter),
                ElementsAre("a.csv:1 (1, 'x', NULL) notice open key.duplicate:id=1"));
}

TEST_F(LoadTest, MissingReferencesAreRejectedAndNullPasses) {
    ASSERT_EQ(counts(load(table("parents"), "r1", {object(table("parents"), "p.csv", {"(7)"})})),
              "1 = 1+0+0+0+0");
    const auto outcome = load(
        table("items"),
        "r1",
        {object(table("items"),
                "a.csv",
                {"(1, 'a', 7)", "(2, 'b', 8)", "(3, 'c', NULL)", "(4, 'd', 9)", "(4, 'd', 7)"})});
    EXPECT_EQ(counts(outcome), "5 = 3+0+0+1+1");
    EXPECT_EQ(outcome->rejects_by_code.at("reference.missing"), 1U);
    EXPECT_EQ(outcome->notices_by_code.at("key.duplicate"), 1U);
    EXPECT_THAT(rows_of("SELECT id FROM items ORDER BY id"), ElementsAre("1", "3", "4"));
    EXPECT_THAT(rejects_of({}),
                ElementsAre("a.csv:2 (2, 'b', 8) error open reference.missing:parent_id=8"));
}

TEST_F(LoadTest, EveryMissingReferenceOfARecordIsAReason) {
    Table two = table("items");
    two.columns[1] = column("name", TypeKind::kInt64, true);
    two.name = TableName("links");
    two.references.push_back({"name", TableName("parents")});
    catalog_.tables.push_back(two);
    ASSERT_TRUE(warehouse_->migrate(catalog_, false).ok());
    EXPECT_EQ(counts(load(two, "r1", {object(two, "a.csv", {"(1, 5, 6)"})})), "1 = 0+0+0+0+1");
    EXPECT_THAT(rejects_of({}),
                ElementsAre("a.csv:1 (1, 5, 6) error open reference.missing:parent_id=6 "
                            "reference.missing:name=5"));
}

TEST_F(LoadTest, TheRejectLimitKeepsRejectsAndLeavesTheTable) {
    Table& items = table("items");
    items.reject_limit.rows = 1;
    const auto outcome = load(items, "r1", {object(items, "a.csv", {"(1, 'a', 8)"}, {",bad"})});
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->status, "limit");
    EXPECT_THAT(outcome->error, HasSubstr("2 of 2 records"));
    EXPECT_EQ(counts_text(outcome->counts), "2 = 0+0+0+0+2");
    EXPECT_EQ(outcome->rejects_by_code.at("reference.missing"), 1U);
    EXPECT_THAT(rows_of(kItems), IsEmpty());
    EXPECT_EQ(rejects_of({}).size(), 2U);
    EXPECT_TRUE(warehouse_->object_versions(items.name)->empty());
}

struct LimitCase {
    std::optional<std::int64_t> rows;
    std::optional<double> percent;
    bool passes;
};

class LimitTest : public LoadTest, public testing::WithParamInterface<LimitCase> {};

TEST_P(LimitTest, AtTheLimitPasses) {
    Table& items = table("items");
    items.reject_limit = {GetParam().rows, GetParam().percent};
    const auto outcome = load(
        items, "r1", {object(items, "a.csv", {"(1, 'a', NULL)", "(2, 'a', NULL)"}, {"x", "y"})});
    EXPECT_EQ(outcome->status, GetParam().passes ? "loaded" : "limit");
    EXPECT_EQ(counts_text(outcome->counts), GetParam().passes ? "4 = 2+0+0+0+2" : "4 = 0+0+0+0+2");
}

INSTANTIATE_TEST_SUITE_P(Limits,
                         LimitTest,
                         testing::Values(LimitCase{2, {}, true},
                                         LimitCase{1, {}, false},
                                         LimitCase{0, {}, false},
                                         LimitCase{{}, 50.0, true},
                                         LimitCase{{}, 49.9, false},
                                         LimitCase{{}, {}, true}));

TEST_F(LoadTest, ALoadThatWasPublishedReturnsItsOutcome) {
    const auto first = load(table("parents"), "r1", {object(table("parents"), "p.csv", {"(7)"})});
    const auto again = load(table("parents"), "r1", {object(table("parents"), "p.csv", {"(8)"})});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->counts, first->counts);
    EXPECT_THAT(rows_of("SELECT id FROM parents"), ElementsAre("7"));
}

TEST_F(LoadTest, ARefusedObjectIsFailedAndTheOthersLoad) {
    LoadObject refused;
    refused.scan.object = "bad.csv";
    refused.scan.problem_code = "file.empty";
    refused.scan.problem_message = "bad.csv holds nothing";
    const auto outcome =
        load(table("parents"), "r1", {refused, object(table("parents"), "c.csv", {"(1)"})});
    ASSERT_EQ(counts(outcome), "1 = 1+0+0+0+0");
    EXPECT_EQ(outcome->status, "partial");
    EXPECT_EQ(outcome->objects[0].status, "failed");
    EXPECT_EQ(warehouse_->object_versions(TableName("parents"))->size(), 1U);
}

TEST_F(LoadTest, CancelledBeforeTheCommitChangesNothing) {
    CancelToken cancel;
    cancel.cancel();
    const std::vector<LoadObject> objects = {object(table("parents"), "a.csv", {"(1)"})};
    LoadRequest request{RunId("r1"), table("parents"), objects, {}, {}, &cancel};
    const auto outcome = warehouse_->load(request);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
    EXPECT_THAT(rows_of("SELECT * FROM parents"), IsEmpty());
}

}  // namespace
}  // namespace muster
