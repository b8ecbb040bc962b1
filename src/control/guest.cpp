#include "control/control.h"
#include "control/detail/frame.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace muster {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kRetryPause = std::chrono::milliseconds{5};
constexpr int kAcceptWaitMs = 60000;

// A connection to the owner, nothing if no one listens.
Descriptor connect_to_owner(const std::filesystem::path& data_dir) {
    const Result<Descriptor> folder = open_folder(data_dir);
    if (!folder.ok()) {
        return {};
    }
    Descriptor connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_un address = socket_address(folder->get());
    if (!connection.valid() ||
        ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0) {
        return {};
    }
    return connection;
}

bool is_readable(int fd) {
    pollfd polled{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&polled, 1, 0) == 1;
}

Error cancelled() { return Error{ErrorCode::kCancelled, "stopped before the command began"}; }

// Waits for the owner's next frame. A cancel is passed on once, and waiting goes on.
Result<Frame> wait_for_frame(int connection, int& cancel_fd, int wait_ms) {
    while (true) {
        std::array<pollfd, 2> polled = {pollfd{connection, POLLIN, 0}, {cancel_fd, POLLIN, 0}};
        const int ready = ::poll(polled.data(), polled.size(), wait_ms);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready == 0) {
            return Error{ErrorCode::kBusy, "the muster process that owns the data directory hangs"};
        }
        if (polled[0].revents != 0) {
            return read_frame(connection);
        }
        cancel_fd = -1;
        (void)write_frame(connection, FrameType::kCancel, "");
    }
}

// The exit code; nothing if the owner did not take the invocation, so that it may be tried again.
Result<std::optional<int>> hand_over(int connection,
                                     const std::string& payload,
                                     const Descriptors& descriptors,
                                     int cancel_fd) {
    const std::array<int, 3> passed = {descriptors.in, descriptors.out, descriptors.err};
    if (!write_frame(connection, FrameType::kInvoke, payload, passed).ok()) {
        return std::optional<int>{};
    }
    Result<Frame> answer = wait_for_frame(connection, cancel_fd, kAcceptWaitMs);
    if (!answer.ok()) {
        if (answer.error().code == ErrorCode::kBusy) {
            return std::move(answer).error();
        }
        return std::optional<int>{};
    }
    if (answer->type == FrameType::kRefused) {
        return Error{ErrorCode::kConflict, answer->payload, "wait until it ends and try again"};
    }
    answer = wait_for_frame(connection, cancel_fd, -1);
    if (!answer.ok() || answer->type != FrameType::kExit || answer->payload.size() != 1) {
        return Error{ErrorCode::kUnavailable,
                     "the muster process that ran this command ended before it was done",
                     "run the command again; `muster runs list` shows what was loaded"};
    }
    return std::optional<int>{static_cast<unsigned char>(answer->payload[0])};
}

}  // namespace

Result<Joined> join(const std::filesystem::path& data_dir,
                    const Invocation& invocation,
                    const Descriptors& descriptors,
                    const JoinOptions& options) {
    const std::string payload =
        std::string(1, static_cast<char>(kProtocolVersion)) + encode_invocation(invocation);
    if (payload.size() > kFrameBytesMax) {
        return Error{ErrorCode::kUsage,
                     fmt::format("the command line is too long ({} bytes)", payload.size())};
    }
    const auto deadline = SteadyClock::now() + std::chrono::milliseconds{options.wait_ms};
    do {
        if (is_readable(options.cancel_fd)) {
            return cancelled();
        }
        if (const Descriptor connection = connect_to_owner(data_dir); connection.valid()) {
            MUSTER_ASSIGN(const auto code,
                          hand_over(connection.get(), payload, descriptors, options.cancel_fd));
            if (code) {
                return Joined{nullptr, *code};
            }
        }
        MUSTER_ASSIGN(auto owner, Owner::try_own(data_dir));
        if (owner) {
            return Joined{std::move(owner), 0};
        }
        std::this_thread::sleep_for(kRetryPause);
    } while (SteadyClock::now() < deadline);
    return Error{ErrorCode::kBusy,
                 fmt::format("another process holds {} and does not answer",
                             (data_dir / kLockName).string()),
                 "wait until it ends, or find it with `fuser` or `lsof` on that file"};
}

}  // namespace muster
