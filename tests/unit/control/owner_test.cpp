#include "control/owner.h"

#include "control/control.h"
#include "control/detail/frame.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

namespace muster {
namespace {

namespace fs = std::filesystem;

class OwnerTest : public testing::Test {
  protected:
    fs::path folder() const { return temp_.path() / "data"; }

    Result<Joined> join_it(const std::string& word,
                           int cancel_fd = -1,
                           std::int64_t wait_ms = 5000) {
        Invocation invocation;
        invocation.arguments = {word};
        return join(
            folder(), invocation, Descriptors{}, {.cancel_fd = cancel_fd, .wait_ms = wait_ms});
    }

    Descriptor connect_raw() {
        const auto opened = open_folder(folder());
        Descriptor connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const sockaddr_un address = socket_address(opened->get());
        EXPECT_EQ(
            ::connect(
                connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        return connection;
    }

    TempFolder temp_;
};

// Runs a guest's verb until it is cancelled.
int wait_for_cancel(const CancelToken& cancel) {
    while (!cancel.cancelled()) {
        std::this_thread::yield();
    }
    return 130;
}

TEST_F(OwnerTest, TheFirstOwnsTheSecondIsTold) {
    auto first = Owner::try_own(folder());
    ASSERT_TRUE(first.ok());
    ASSERT_NE(*first, nullptr);
    auto second = Owner::try_own(folder());
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(*second, nullptr);
    first->reset();
    auto third = Owner::try_own(folder());
    ASSERT_TRUE(third.ok());
    EXPECT_NE(*third, nullptr);
}

TEST_F(OwnerTest, AFileInPlaceOfTheFolderIsAnError) {
    const Descriptor file{::open(folder().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
    const auto owner = Owner::try_own(folder());
    ASSERT_FALSE(owner.ok());
    EXPECT_NE(owner.error().message.find(folder().string()), std::string::npos);
}

TEST_F(OwnerTest, AHolderOfTheLockThatDoesNotServeIsBusy) {
    const auto owner = Owner::try_own(folder());
    const auto role = join_it("x", -1, 50);
    ASSERT_FALSE(role.ok());
    EXPECT_EQ(role.error().code, ErrorCode::kBusy);
}

TEST_F(OwnerTest, AGuestGetsItsExitCodeAndTheSocketIsPrivate) {
    auto role = join_it("own");
    ASSERT_TRUE(role.ok());
    ASSERT_NE(role->owner, nullptr);
    ASSERT_TRUE(role->owner
                    ->serve([](const Invocation& invocation, const Descriptors&, CancelToken&) {
                        return invocation.arguments.at(0) == "seven" ? 7 : 1;
                    })
                    .ok());
    struct stat facts {};
    ASSERT_EQ(::stat((folder() / kSocketName).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    const auto guest = join_it("seven");
    ASSERT_TRUE(guest.ok());
    EXPECT_EQ(guest->owner, nullptr);
    EXPECT_EQ(guest->exit_code, 7);
    role->owner->finish();
    EXPECT_FALSE(fs::exists(folder() / kSocketName));
}

TEST_F(OwnerTest, ACancelIsPassedOn) {
    auto role = join_it("own");
    ASSERT_TRUE(role->owner
                    ->serve([](const Invocation&, const Descriptors&, CancelToken& cancel) {
                        return wait_for_cancel(cancel);
                    })
                    .ok());
    const Descriptor cancel{::eventfd(0, EFD_CLOEXEC)};
    std::thread signal{[&] {
        while (role->owner->guests() == 0) {
            std::this_thread::yield();
        }
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(cancel.get(), &one, sizeof one), sizeof one);
    }};
    const auto guest = join_it("wait", cancel.get());
    signal.join();
    // A cancel that comes before the verb was accepted is passed on just the same.
    ASSERT_TRUE(guest.ok());
    EXPECT_EQ(guest->exit_code, 130);
    role->owner->finish();
}

TEST_F(OwnerTest, AGuestThatDiesCancelsItsVerb) {
    auto role = join_it("own");
    std::atomic<int> ended{0};
    ASSERT_TRUE(role->owner
                    ->serve([&](const Invocation&, const Descriptors&, CancelToken& cancel) {
                        ended = wait_for_cancel(cancel);
                        return 0;
                    })
                    .ok());
    Descriptor guest = connect_raw();
    const std::array<int, 3> streams = {0, 1, 2};
    ASSERT_TRUE(write_frame(guest.get(),
                            FrameType::kInvoke,
                            std::string(1, static_cast<char>(kProtocolVersion)) +
                                encode_invocation(Invocation{}),
                            streams)
                    .ok());
    const auto accepted = read_frame(guest.get());
    ASSERT_TRUE(accepted.ok());
    EXPECT_EQ(accepted->type, FrameType::kAccepted);
    guest.reset();
    role->owner->finish();
    EXPECT_EQ(ended, 130);
}

TEST_F(OwnerTest, WhatIsNoInvocationIsRefusedAndDoesNoHarm) {
    auto role = join_it("own");
    ASSERT_TRUE(
        role->owner->serve([](const Invocation&, const Descriptors&, CancelToken&) { return 9; })
            .ok());
    const std::string cases[] = {
        std::string(5, '\0'), std::string(5, '\xff'), std::string("\1\0\0\0\1\1", 6), "x"};
    for (const std::string& bytes : cases) {
        const Descriptor guest = connect_raw();
        ASSERT_EQ(::send(guest.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
        ::shutdown(guest.get(), SHUT_WR);
        const auto answer = read_frame(guest.get());
        EXPECT_TRUE(!answer.ok() || answer->type == FrameType::kRefused);
    }
    EXPECT_EQ(join_it("still")->exit_code, 9);
    role->owner->finish();
}

TEST_F(OwnerTest, AStaleSocketIsReplaced) {
    fs::create_directories(folder());
    const auto opened = open_folder(folder());
    const Descriptor stale{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_un address = socket_address(opened->get());
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    auto role = join_it("own");
    ASSERT_TRUE(role.ok());
    ASSERT_NE(role->owner, nullptr);
    ASSERT_TRUE(
        role->owner->serve([](const Invocation&, const Descriptors&, CancelToken&) { return 3; })
            .ok());
    EXPECT_EQ(join_it("guest")->exit_code, 3);
    role->owner->finish();
}

// Many at once, each either owner for a moment or guest: none fails, none is lost.
TEST_F(OwnerTest, NoRequestIsLostWhileOwnersComeAndGo) {
    constexpr int kJoiners = 48;
    std::atomic<int> ran{0};
    const auto handler = [&ran](const Invocation&, const Descriptors&, CancelToken&) {
        ++ran;
        return 0;
    };
    std::vector<std::thread> joiners;
    joiners.reserve(kJoiners);
    std::atomic<int> failed{0};
    for (int i = 0; i < kJoiners; ++i) {
        joiners.emplace_back([&] {
            auto role = join_it("x", -1, 30000);
            if (!role.ok()) {
                ++failed;
            } else if (role->owner) {
                failed += role->owner->serve(handler).ok() ? 0 : 1;
                ++ran;
                role->owner->finish();
            }
        });
    }
    for (std::thread& joiner : joiners) {
        joiner.join();
    }
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(ran, kJoiners);
}

TEST_F(OwnerTest, ALongPathWorks) {
    const fs::path deep = temp_.path() / std::string(100, 'd') / std::string(100, 'e');
    auto owner = Owner::try_own(deep);
    ASSERT_TRUE(owner.ok());
    ASSERT_TRUE((*owner)
                    ->serve([](const Invocation&, const Descriptors&, CancelToken&) { return 4; })
                    .ok());
    const auto guest = join(deep, Invocation{}, Descriptors{}, {});
    ASSERT_TRUE(guest.ok());
    EXPECT_EQ(guest->exit_code, 4);
    (*owner)->finish();
}

}  // namespace
}  // namespace muster
