// The local store: what list finds, that writes appear whole or not at all, errors that name paths.
#include "storage/object_store.h"

#include <gtest/gtest.h>

#include <fstream>

namespace muster {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        char pattern[] = "/tmp/muster-store-XXXXXX";
        root_ = ::mkdtemp(pattern);
        store_ = std::move(open_store(root_.string())).value();
    }
    void TearDown() override { fs::remove_all(root_); }

    std::vector<std::string> keys(std::string_view glob) {
        std::vector<std::string> names;
        for (const ObjectInfo& object : store_->list(glob).value()) {
            names.push_back(object.key.str());
        }
        return names;
    }
    void put(const std::string& key, std::string_view content) {
        ASSERT_TRUE(write_object(*store_, ObjectKey{key}, content).ok());
    }

    fs::path root_;
    std::unique_ptr<ObjectStore> store_;
};

TEST_F(LocalStoreTest, ListsMatchesInTheOrderOfTheirNames) {
    put("jobs_b.csv", "2");
    put("jobs_a.csv.gz", "1");
    put("jobs.txt", "no");
    put("deep/jobs_c.csv", "3");
    EXPECT_EQ(keys("jobs*.csv*"), (std::vector<std::string>{"jobs_a.csv.gz", "jobs_b.csv"}));
    EXPECT_EQ(keys("*/jobs*.csv"), (std::vector<std::string>{"deep/jobs_c.csv"}));
    EXPECT_TRUE(keys("nothing*").empty());
}

TEST_F(LocalStoreTest, MissingRootIsAnErrorThatNamesIt) {
    auto missing = std::move(open_store((root_ / "absent").string())).value();
    const auto listed = missing->list("*");
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.error().code, ErrorCode::kNotFound);
    EXPECT_NE(listed.error().message.find("absent"), std::string::npos);
    EXPECT_TRUE(missing->list_below("x/").value().empty());
}

TEST_F(LocalStoreTest, WriterWithoutCommitLeavesNothing) {
    {
        auto writer = std::move(store_->create(ObjectKey{"a/b.txt"})).value();
        ASSERT_TRUE(writer->write("half").ok());
        EXPECT_TRUE(keys("a/*").empty());
        EXPECT_EQ(store_->list_below("a/").value().size(), 1U) << "leftovers can be found";
    }
    EXPECT_TRUE(fs::is_empty(root_ / "a"));
}

TEST_F(LocalStoreTest, ReadsRangesAndStopsAtTheEnd) {
    put("a.txt", "0123456789");
    auto reader = std::move(store_->open(ObjectKey{"a.txt"})).value();
    EXPECT_EQ(reader->info().bytes, 10U);
    std::string buffer(6, '\0');
    EXPECT_EQ(reader->read_at(7, buffer).value(), 3U);
    EXPECT_EQ(buffer.substr(0, 3), "789");
    EXPECT_EQ(reader->read_at(10, buffer).value(), 0U);
}

TEST_F(LocalStoreTest, OpeningAFolderOrNothingSaysWhich) {
    fs::create_directory(root_ / "jobs.csv");
    EXPECT_EQ(keys("jobs*.csv"), (std::vector<std::string>{"jobs.csv"}));
    EXPECT_EQ(store_->open(ObjectKey{"jobs.csv"}).error().code, ErrorCode::kIo);
    EXPECT_EQ(store_->open(ObjectKey{"no.csv"}).error().code, ErrorCode::kNotFound);
}

TEST_F(LocalStoreTest, PublishPathReplacesAndRemoveIsIdempotent) {
    put("p/x.bin", "old");
    const fs::path partial = store_->path_for_write(ObjectKey{"p/x.bin"}).value();
    std::ofstream{partial} << "new";
    ASSERT_TRUE(store_->publish_path(partial, ObjectKey{"p/x.bin"}).ok());
    EXPECT_EQ(read_object(*store_, ObjectKey{"p/x.bin"}, 100).value(), "new");
    EXPECT_FALSE(read_object(*store_, ObjectKey{"p/x.bin"}, 2).ok());
    EXPECT_TRUE(store_->remove(ObjectKey{"p/x.bin"}).ok());
    EXPECT_TRUE(store_->remove(ObjectKey{"p/x.bin"}).ok());
    EXPECT_FALSE(fs::exists(root_ / "p"));
}

TEST(OpenStore, RefusesUnknownSchemes) {
    EXPECT_EQ(open_store("ftp://host/x").error().code, ErrorCode::kUsage);
    EXPECT_TRUE(open_store("file:///tmp").ok());
}

TEST_F(LocalStoreTest, OfTwoNewObjectsOfOneKeyTheFirstStays) {
    ASSERT_TRUE(write_new_object(*store_, ObjectKey{"a/m.json"}, "first").ok());
    const auto second = write_new_object(*store_, ObjectKey{"a/m.json"}, "second");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_EQ(read_object(*store_, ObjectKey{"a/m.json"}, 100).value(), "first");
    EXPECT_EQ(store_->list_below("a/")->size(), 1U);  // nothing of the second is left
}

TEST_F(LocalStoreTest, LinksAreRefusedWhereTheyAreNotWanted) {
    put("table/name/data", "inside");
    fs::create_directory(root_ / "outside");
    fs::create_directory_symlink(root_ / "outside", root_ / "table/link");
    fs::create_symlink(root_ / "table/name/data", root_ / "table/name/data-link");
    const auto strict = std::move(open_store(root_.string(), {.refuse_links = true})).value();
    const auto conflict = [](const auto& result) {
        return !result.ok() && result.error().code == ErrorCode::kConflict;
    };
    EXPECT_TRUE(strict->open(ObjectKey{"table/name/data"}).ok());
    EXPECT_TRUE(conflict(strict->open(ObjectKey{"table/name/data-link"})));
    EXPECT_TRUE(conflict(strict->list_below("table/")));
    EXPECT_TRUE(conflict(strict->list_below("table/name/")));
    EXPECT_TRUE(conflict(strict->create(ObjectKey{"table/link/x"})));
    EXPECT_TRUE(conflict(strict->path_for_read(ObjectKey{"table/link/x"})));
    EXPECT_TRUE(conflict(strict->path_for_write(ObjectKey{"table/link/x"})));
    EXPECT_TRUE(conflict(strict->remove(ObjectKey{"table/link/x"})));
    EXPECT_TRUE(conflict(strict->remove_below("table/link/x/")));
    EXPECT_TRUE(fs::is_empty(root_ / "outside"));
    // The root itself may be one.
    fs::create_directory_symlink(root_ / "table", root_ / "root-link");
    const auto linked =
        std::move(open_store((root_ / "root-link").string(), {.refuse_links = true})).value();
    EXPECT_TRUE(linked->open(ObjectKey{"name/data"}).ok());
}

}  // namespace
}  // namespace muster
