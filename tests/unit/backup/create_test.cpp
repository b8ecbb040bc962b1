// One backup of a table at a time: the second is refused, or waits if it is asked to.
#include "backup/backup.h"
#include "backup/detail/steps.h"
#include "storage/object_store.h"

#include <atomic>
#include <thread>

#include "../warehouse/fixture.h"

namespace muster {
namespace {

class CreateTest : public WarehouseTest {
  protected:
    void SetUp() override {
        WarehouseTest::SetUp();
        auto opened = open_store((folder_.path() / "backups").string());
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        store_ = *std::move(opened);
    }
    BackupContext context(const CancelToken* cancel = nullptr) {
        return {.catalog = catalog_,
                .engine = *engine_,
                .warehouse = *warehouse_,
                .store = *store_,
                .clock = clock_,
                .program = "muster",
                .cancel = cancel};
    }
    void hold() {
        const auto held = warehouse_->acquire_lease(lease_, RunId("another"));
        ASSERT_TRUE(held.ok()) << held.error().message;
    }

    std::unique_ptr<ObjectStore> store_;
    const std::string lease_ = backup_lease(TableName("parents"));
};

TEST_F(CreateTest, ABackupOfABusyTableIsRefused) {
    hold();
    const auto made = create_backup(context(), table("parents"), {});
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::kBusy);
}

TEST_F(CreateTest, OneThatIsAskedToWaitIsMadeAfterTheOther) {
    hold();
    std::atomic<bool> released{false};
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        released = true;
        EXPECT_TRUE(warehouse_->release_lease(lease_, RunId("another")).ok());
    });
    const auto made = create_backup(context(), table("parents"), {.wait = true});
    EXPECT_TRUE(released);
    other.join();
    EXPECT_TRUE(made.ok()) << made.error().message;
}

TEST_F(CreateTest, WaitingEndsOnRequest) {
    hold();
    CancelToken cancel;
    cancel.cancel();
    const auto made = create_backup(context(&cancel), table("parents"), {.wait = true});
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::kCancelled);
}

// What lies in the place of backups without a manifest.
TEST_F(CreateTest, OnlyWhatTheDeadWereWritingIsRemoved) {
    const RunId died{"20261124T101530Z-7f3a09bc"};
    clock_.advance_seconds(1);
    const std::string now = new_run_id(clock_).str().substr(0, 16);
    const std::string of_another = "parents/parents-" + now + "-aaaa/data-0000.parquet";
    const std::string of_the_dead =
        backup_name(TableName("parents"), died).prefix() + "data-0000.parquet";
    const std::string of_long_ago = "parents/parents-20010101T000000Z-bbbb/data-0000.parquet";
    for (const std::string& key : {of_another, of_the_dead, of_long_ago}) {
        ASSERT_TRUE(write_object(*store_, ObjectKey(key), "half").ok());
    }
    ASSERT_TRUE(warehouse_->acquire_lease(lease_, died).ok());
    clock_.advance_seconds(kLeaseSeconds);
    const auto made = create_backup(context(), table("parents"), {});
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_TRUE(store_->open(ObjectKey(of_another)).ok()) << "it may be at work";
    EXPECT_FALSE(store_->open(ObjectKey(of_the_dead)).ok());
    EXPECT_FALSE(store_->open(ObjectKey(of_long_ago)).ok());
}

}  // namespace
}  // namespace muster
