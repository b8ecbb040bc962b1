// The committer over tables that fail, or are slow, on request.
#include "rows/detail/committer.h"

#include "core/clock.h"
#include "core/limits.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

namespace muster {
namespace {

constexpr const char* kPoison = "poison";  // the request id that no transaction survives

class FaultyTables final : public RowTables {
  public:
    Result<std::vector<RowWriteResult>> write(const Table& /*table*/,
                                              std::span<const RowWrite* const> group,
                                              std::int64_t /*gate_wait_ms*/) override {
        std::unique_lock lock(mutex_);
        sizes_.push_back(group.size());
        changed_.notify_all();
        changed_.wait(lock, [this] { return !closed_; });
        for (const RowWrite* request : group) {
            if (request->request_id == kPoison) {
                return Error{ErrorCode::kInternal, "the transaction failed", "", ""};
            }
        }
        std::vector<RowWriteResult> results(group.size());
        for (RowWriteResult& result : results) {
            result.inserted = 1;
        }
        return results;
    }
    Result<RowPage> list(const Table& /*table*/, const RowQuery& /*query*/) override {
        return RowPage{};
    }
    Result<std::optional<Row>> find(const Table& /*table*/, const Row& /*key*/) override {
        return std::optional<Row>();
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    void open() {
        const std::lock_guard lock(mutex_);
        closed_ = false;
        changed_.notify_all();
    }
    void wait_for_writes(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this, count] { return sizes_.size() >= count; });
    }
    std::vector<std::size_t> sizes() {
        const std::lock_guard lock(mutex_);
        return sizes_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = false;
    std::vector<std::size_t> sizes_;  // of the groups, in order
};

class CommitterTest : public ::testing::Test {
  protected:
    CommitterTest() { table_.name = TableName("parents"); }

    Result<RowWriteResult> write(std::string request_id = "") {
        RowWrite request;
        request.request_id = std::move(request_id);
        return committer_.write(request);
    }
    // Until that many requests are in or behind the group at work.
    void wait_for_waiting(std::uint64_t count) {
        while (counters_.waiting.load() < count) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    Table table_;
    FaultyTables tables_;
    SystemClock clock_;
    RowsCounters counters_;
    Committer committer_{table_, tables_, clock_, counters_};
};

TEST_F(CommitterTest, AGroupThatFailsIsTriedOneByOne) {
    tables_.close();
    std::vector<std::thread> threads;
    threads.emplace_back([this] { EXPECT_TRUE(write().ok()); });
    tables_.wait_for_writes(1);
    for (const char* id : {"a", kPoison, "b"}) {
        threads.emplace_back([this, id] {
            const auto result = write(id);
            EXPECT_EQ(result.ok(), id != std::string_view(kPoison));
            if (result.ok()) {
                EXPECT_EQ(result->inserted, 1);
            } else {
                EXPECT_EQ(result.error().message, "the transaction failed");
            }
        });
    }
    wait_for_waiting(4);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the last is counted, then queued
    tables_.open();
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(tables_.sizes(), (std::vector<std::size_t>{1, 3, 1, 1, 1}));
    EXPECT_EQ(counters_.waiting.load(), 0U);
}

TEST_F(CommitterTest, ARequestWhoseTurnDoesNotComeIsBusyAndNotWritten) {
    tables_.close();
    std::thread slow([this] { EXPECT_TRUE(write().ok()); });
    tables_.wait_for_writes(1);
    const std::int64_t before_ns = clock_.monotonic_ns();
    const auto late = write("late");
    const std::int64_t waited_ms = (clock_.monotonic_ns() - before_ns) / 1'000'000;
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::kBusy);
    EXPECT_GE(waited_ms, kGateWaitMs);
    tables_.open();
    slow.join();
    EXPECT_TRUE(write().ok());  // whoever left the queue is nobody's leader
    EXPECT_EQ(tables_.sizes(), (std::vector<std::size_t>{1, 1}));
    EXPECT_EQ(counters_.waiting.load(), 0U);
}

}  // namespace
}  // namespace muster
