#include "backup/backup_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace muster {
namespace {

TEST(BackupNameTest, IsMadeOfTableAndRunAndReadBack) {
    const BackupName name =
        backup_name(TableName("hired_employees"), RunId("20261122T101530Z-7f3a09bc"));
    EXPECT_EQ(name.str(), "hired_employees-20261122T101530Z-7f3a");
    EXPECT_EQ(name.prefix(), "hired_employees/hired_employees-20261122T101530Z-7f3a/");
    const auto parsed = parse_backup_name(name.str());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->table, "hired_employees");
    EXPECT_EQ(parsed->stamp, "20261122T101530Z-7f3a");
}

class BadNameTest : public testing::TestWithParam<std::string> {};

TEST_P(BadNameTest, IsNotFound) {
    const auto parsed = parse_backup_name(GetParam());
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Names,
                         BadNameTest,
                         testing::Values("",
                                         "-20261122T101530Z-7f3a",
                                         "20261122T101530Z-7f3a",
                                         "jobs",
                                         "jobs-20261122T101530Z-7f3",
                                         "jobs-20261122T101530Z-7f3a/",
                                         "jobs-20261122t101530z-7f3a",
                                         "jobs-20261122T101530Z-7F3A",
                                         "jobs-2026112xT101530Z-7f3a",
                                         "Jobs-20261122T101530Z-7f3a",
                                         "../jobs-20261122T101530Z-7f3a",
                                         "a/b-20261122T101530Z-7f3a",
                                         "a.b-20261122T101530Z-7f3a",
                                         "1jobs-20261122T101530Z-7f3a",
                                         "j\xc3\xb6"
                                         "bs-20261122T101530Z-7f3a",
                                         std::string("jo\0bs-20261122T101530Z-7f3a", 26),
                                         std::string(64, 'a') + "-20261122T101530Z-7f3a"));

TEST(BackupNameTest, TheLongestTableNameFits) {
    EXPECT_TRUE(parse_backup_name(std::string(63, 'a') + "-20261122T101530Z-7f3a").ok());
}

}  // namespace
}  // namespace muster
