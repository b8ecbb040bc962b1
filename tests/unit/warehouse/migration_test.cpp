#include <gmock/gmock.h>

#include "fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MigrationTest : public WarehouseTest {
  protected:
    void SetUp() override {
        WarehouseTest::SetUp();
        run_sql("INSERT INTO items VALUES (1, 'a', NULL), (2, 'a', 3)");
    }
    std::vector<std::string> plan() {
        std::vector<std::string> lines;
        for (const MigrationStep& step : *warehouse_->plan_migration(catalog_)) {
            lines.push_back(step.table + ": " + step.description + (step.automatic ? " *" : "") +
                            (step.reload ? " reload" : "") + (step.possible ? "" : " impossible"));
        }
        return lines;
    }
};

TEST_F(MigrationTest, NothingToDoIsAnEmptyPlan) {
    EXPECT_THAT(plan(), ElementsAre());
    EXPECT_TRUE(warehouse_->prepare().ok());
}

TEST_F(MigrationTest, ANullableColumnAndAWiderTypeAreAutomatic) {
    table("items").columns.push_back(column("salary", TypeKind::kInt32, true));
    EXPECT_THAT(plan(), ElementsAre("items: add column salary (int32, nullable) * reload"));
    ASSERT_TRUE(warehouse_->migrate(catalog_, false).ok());
    table("items").columns.back().type.kind = TypeKind::kInt64;
    EXPECT_THAT(plan(), ElementsAre("items: change column salary from int32 to int64 *"));
    ASSERT_TRUE(warehouse_->migrate(catalog_, false).ok());
    EXPECT_THAT(plan(), ElementsAre());
    EXPECT_THAT(rows_of("SELECT id, salary FROM items ORDER BY id"),
                ElementsAre("1|NULL", "2|NULL"));
}

TEST_F(MigrationTest, ADroppedColumnNeedsMigrate) {
    table("items").columns.pop_back();
    table("items").references.clear();
    EXPECT_THAT(plan(), ElementsAre("items: drop column parent_id and its values"));
    const auto refused = warehouse_->migrate(catalog_, false);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_THAT(refused.error().message, HasSubstr("drop column parent_id"));
    ASSERT_TRUE(warehouse_->migrate(catalog_, true).ok());
    EXPECT_THAT(rows_of("SELECT * FROM items ORDER BY id"), ElementsAre("1|a", "2|a"));
}

TEST_F(MigrationTest, ANewColumnThatMustHaveAValueIsImpossible) {
    table("items").columns.push_back(column("salary", TypeKind::kInt64));
    const auto refused = warehouse_->migrate(catalog_, true);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("declare it nullable"));
    run_sql("DELETE FROM items");
    EXPECT_TRUE(warehouse_->migrate(catalog_, false).ok());
}

TEST_F(MigrationTest, AKeyThatIsNotUniqueIsAConflictAndChangesNothing) {
    table("items").key = {"name"};
    table("items").columns[1].nullable = false;
    ASSERT_FALSE(warehouse_->migrate(catalog_, false).ok());
    const auto refused = warehouse_->migrate(catalog_, true);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(refused.error().message, HasSubstr("share a value"));
    run_sql("UPDATE items SET name = 'b' WHERE id = 2");
    EXPECT_TRUE(warehouse_->migrate(catalog_, true).ok());
}

TEST_F(MigrationTest, ATypeChangeThatDoesNotFitIsAConflict) {
    table("items").columns[1].type.kind = TypeKind::kInt64;
    const auto refused = warehouse_->migrate(catalog_, true);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(rows_of("SELECT name FROM items ORDER BY id"), ElementsAre("a", "a"));
}

TEST_F(MigrationTest, ATableThatIsNoLongerDeclaredNeedsMigrate) {
    catalog_.tables.pop_back();
    EXPECT_FALSE(warehouse_->migrate(catalog_, false).ok());
    ASSERT_TRUE(warehouse_->migrate(catalog_, true).ok());
    EXPECT_FALSE(warehouse_->row_count(TableName("items")).ok());
}

}  // namespace
}  // namespace muster
