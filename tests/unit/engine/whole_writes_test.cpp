// Blocks that are rewritten in place by a process that is killed meanwhile.
#include "engine/detail/whole_writes.h"

#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::size_t kHead = 3 * 4096;
constexpr std::size_t kBlock = 256U << 10;
constexpr int kBlocks = 4;
constexpr int kRounds = 300;

class WholeWritesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(path_, std::ios::binary) << std::string(kHead + kBlocks * kBlock, 'a');
    }
    std::string content() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    int torn_blocks() const {
        const std::string bytes = content();
        int torn = 0;
        for (int block = 0; block < kBlocks; ++block) {
            const auto* const first =
                bytes.data() + kHead + static_cast<std::size_t>(block) * kBlock;
            torn += std::any_of(first, first + kBlock, [first](char c) { return c != *first; });
        }
        return torn;
    }
    // Rewrites the blocks for ever, each in one piece of another letter each time.
    void write_for_ever() {
        auto opened = WholeWrites::open(path_);
        const int file = ::open(path_.c_str(), O_RDWR);
        if (!opened.ok() || file < 0) {
            _exit(1);
        }
        for (int i = 0;; ++i) {
            const std::string block(kBlock, static_cast<char>('a' + i % 26));
            const off_t offset =
                static_cast<off_t>(kHead + static_cast<std::size_t>(i % kBlocks) * kBlock);
            if (pwrite(file, block.data(), block.size(), offset) < 0) {
                _exit(1);
            }
        }
    }

    TempFolder folder_;
    std::filesystem::path path_ = folder_.path() / "database";
};

TEST_F(WholeWritesTest, AKilledProcessLeavesNoTornBlock) {
    std::mt19937 random(1);
    for (int round = 0; round < kRounds; ++round) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            write_for_ever();
        }
        std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 5000));
        ASSERT_EQ(kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round;
        const auto opened = WholeWrites::open(path_);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        EXPECT_EQ(torn_blocks(), 0) << "round " << round;
    }
}

TEST_F(WholeWritesTest, OneProcessGuardsAFile) {
    const auto first = WholeWrites::open(path_);
    ASSERT_TRUE(first.ok());
    const auto second = WholeWrites::open(path_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kBusy);
}

TEST_F(WholeWritesTest, WhatWasBegunInAnotherStateOfTheFileIsLeftAlone) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        write_for_ever();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const std::string other = std::string(kHead, 'z') + std::string(kBlocks * kBlock, 'y');
    std::ofstream(path_, std::ios::binary | std::ios::in) << other;  // the same inode
    const auto opened = WholeWrites::open(path_);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(content(), other);
}

TEST_F(WholeWritesTest, AJournalThatCannotBeWrittenIsAnError) {
    const auto opened = WholeWrites::open(folder_.path() / "absent" / "database");
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::kIo);
    EXPECT_NE(opened.error().message.find("database.inflight"), std::string::npos);
}

}  // namespace
}  // namespace muster
