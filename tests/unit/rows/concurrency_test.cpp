#include <atomic>
#include <thread>

#include "rows_fixture.h"

namespace muster {
namespace {

constexpr int kThreads = 32;

class ConcurrencyTest : public RowsTest {
  protected:
    template <typename Work>
    static void in_threads(const Work& work) {
        std::vector<std::thread> threads;
        threads.reserve(kThreads);
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&work, i] { work(i); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
};

TEST_F(ConcurrencyTest, EachKeyIsAcknowledgedExactlyOnceAndThenThere) {
    constexpr int kKeys = 40;
    std::vector<std::atomic<int>> acknowledged(kKeys);
    std::atomic<int> refused{0};
    in_threads([&](int thread) {
        for (int i = 0; i < kKeys; ++i) {
            const int key = (i + thread) % kKeys;
            const std::string body = "{\"id\":" + std::to_string(key) + "}";
            const std::string outcome = insert("parents", body);
            if (outcome == "1+0+0-0") {
                ++acknowledged[static_cast<std::size_t>(key)];
            } else if (outcome == "0+0+0-0 0:key.exists:id") {
                ++refused;
            } else {
                ADD_FAILURE() << outcome;
            }
        }
    });
    for (const std::atomic<int>& count : acknowledged) {
        EXPECT_EQ(count.load(), 1);
    }
    EXPECT_EQ(refused.load(), (kThreads - 1) * kKeys);
    EXPECT_EQ(rows_of("SELECT count(*), count(DISTINCT id) FROM parents"),
              std::vector<std::string>{"40|40"});
    const RowsStatistics statistics = rows_->statistics();
    EXPECT_EQ(statistics.requests, std::uint64_t{kThreads} * kKeys);
    EXPECT_LT(statistics.commits, statistics.requests / 2);
    EXPECT_EQ(statistics.waiting, 0U);
}

TEST_F(ConcurrencyTest, ABadRequestSpoilsNoneOfItsGroup) {
    constexpr int kRounds = 10;
    std::atomic<int> wrong{0};
    in_threads([&](int thread) {
        for (int i = 0; i < kRounds; ++i) {
            const int key = thread * kRounds + i;
            const bool bad = key % 3 == 0;
            const std::string row = "{\"id\":" + std::to_string(key) + "}";
            std::string body = "[" + row;
            if (bad) {
                body += "," + row;
            }
            body += "]";
            const std::string outcome = insert("parents", body);
            wrong += outcome != (bad ? "0+0+0-0 1:key.duplicate:id" : "1+0+0-0");
        }
    });
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(rows_of("SELECT count(*), count(*) FILTER (WHERE id % 3 = 0) FROM parents"),
              std::vector<std::string>{"213|0"});
}

TEST_F(ConcurrencyTest, TheSameIdempotencyKeyWritesOnce) {
    std::atomic<int> written{0};
    std::atomic<int> replayed{0};
    in_threads([&](int) {
        InsertRequest made = request("parents", R"({"id":1})");
        made.idempotency = IdempotencyKey{"scope", "key", "hash"};
        made.answer = [](const InsertOutcome&) { return StoredAnswer{201, "", "done"}; };
        const std::string outcome = insert(made);
        written += outcome == "1+0+0-0";
        replayed += outcome == "replayed 201 done";
    });
    EXPECT_EQ(written.load(), 1);
    EXPECT_EQ(replayed.load(), kThreads - 1);
}

}  // namespace
}  // namespace muster
