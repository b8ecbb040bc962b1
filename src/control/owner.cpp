// One thread waits on the listening socket and on the connections of accepted guests: anything that
// arrives there after the invocation, the end of the stream included, means cancel. Each guest's
// verb runs in its own thread, which reads the invocation first and sends the exit code last.
#include "control/owner.h"

#include "control/detail/frame.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace muster {
namespace {

constexpr int kBacklog = 1024;
constexpr long kInvokeWaitSeconds = 10;

struct Guest {
    Descriptor connection;
    CancelToken cancel;
    std::thread thread;
    bool watched = false;   // the invocation is complete, what follows is a cancel
    bool finished = false;  // the thread is about to end
};

Error system_error(std::string_view what, const std::filesystem::path& path) {
    return Error{ErrorCode::kIo,
                 fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)),
                 "check that the folder exists and that you may write to it"};
}

bool same_user(int connection) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == ::geteuid();
}

}  // namespace

struct Owner::State {
    std::filesystem::path data_dir;
    Descriptor folder;
    Descriptor lock;
    Descriptor listener;
    Descriptor wake;  // eventfd: the set of watched connections changed
    GuestHandler handler;
    std::thread acceptor;

    std::mutex mutex;
    std::condition_variable changed;
    std::list<Guest> all_guests;
    std::size_t active = 0;
    bool closing = false;

    void wake_acceptor() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(wake.get(), &one, sizeof one);
    }

    // Reads the invocation and runs it. The connection is answered in every case.
    void run_guest(Guest& guest) {
        const int connection = guest.connection.get();
        const timeval wait{kInvokeWaitSeconds, 0};
        ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        Result<Frame> frame = read_frame(connection);
        if (!frame.ok()) {
            return;
        }
        if (frame->type != FrameType::kInvoke ||
            frame->descriptors.size() != kFrameDescriptorsMax || frame->payload.empty() ||
            frame->payload[0] != static_cast<char>(kProtocolVersion)) {
            (void)write_frame(
                connection,
                FrameType::kRefused,
                "the muster process that owns the data directory is of another version");
            return;
        }
        const Result<Invocation> invocation =
            decode_invocation(std::string_view{frame->payload}.substr(1));
        if (!invocation.ok()) {
            (void)write_frame(connection, FrameType::kRefused, invocation.error().message);
            return;
        }
        if (!write_frame(connection, FrameType::kAccepted, "").ok()) {
            return;
        }
        {
            const std::scoped_lock hold{mutex};
            guest.watched = true;
        }
        wake_acceptor();
        const int code = handler(*invocation,
                                 Descriptors{frame->descriptors[0].get(),
                                             frame->descriptors[1].get(),
                                             frame->descriptors[2].get()},
                                 guest.cancel);
        // Closed before the answer: who reads the guest's output sees its end no later than the
        // guest's own.
        frame->descriptors.clear();
        (void)write_frame(
            connection, FrameType::kExit, std::string(1, static_cast<char>(code & 0xFF)));
    }

    void guest_thread(Guest& guest) {
        run_guest(guest);
        const std::scoped_lock hold{mutex};
        ::shutdown(guest.connection.get(), SHUT_RDWR);
        guest.watched = false;
        guest.finished = true;
        --active;
        changed.notify_all();
    }

    void take_guest(Descriptor connection) {
        if (!same_user(connection.get())) {
            return;
        }
        std::list<Guest> ended;
        {
            const std::scoped_lock hold{mutex};
            if (closing) {
                return;
            }
            for (auto guest = all_guests.begin(); guest != all_guests.end();) {
                const auto next = std::next(guest);
                if (guest->finished) {
                    ended.splice(ended.end(), all_guests, guest);
                }
                guest = next;
            }
            Guest& guest = all_guests.emplace_back();
            guest.connection = std::move(connection);
            ++active;
            guest.thread = std::thread{[this, &guest] { guest_thread(guest); }};
        }
        for (Guest& guest : ended) {
            guest.thread.join();
        }
    }

    // What a watched connection says: cancel, or that the guest is gone.
    void hear(int connection) {
        char bytes[64];
        const ssize_t received = ::recv(connection, bytes, sizeof bytes, MSG_DONTWAIT);
        const std::scoped_lock hold{mutex};
        for (Guest& guest : all_guests) {
            if (guest.connection.get() == connection && guest.watched) {
                guest.cancel.cancel();
                guest.watched = received > 0;
            }
        }
    }

    void accept_loop() {
        while (true) {
            std::vector<pollfd> polled = {{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
            {
                const std::scoped_lock hold{mutex};
                if (closing) {
                    return;
                }
                for (const Guest& guest : all_guests) {
                    if (guest.watched) {
                        polled.push_back({guest.connection.get(), POLLIN, 0});
                    }
                }
            }
            if (::poll(polled.data(), polled.size(), -1) < 0) {
                continue;
            }
            if (polled[1].revents != 0) {
                std::uint64_t count = 0;
                [[maybe_unused]] const ssize_t got = ::read(wake.get(), &count, sizeof count);
            }
            for (std::size_t i = 2; i < polled.size(); ++i) {
                if (polled[i].revents != 0) {
                    hear(polled[i].fd);
                }
            }
            if (polled[0].revents != 0) {
                Descriptor connection{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
                if (connection.valid()) {
                    take_guest(std::move(connection));
                } else {
                    // Out of descriptors: the guest stays in the queue.
                    std::this_thread::sleep_for(std::chrono::milliseconds{10});
                }
            }
        }
    }
};

Owner::Owner(std::unique_ptr<State> state) : state_(std::move(state)) {}

Owner::~Owner() { MUSTER_CHECK(!state_->acceptor.joinable()); }

Result<std::unique_ptr<Owner>> Owner::try_own(const std::filesystem::path& data_dir) {
    std::error_code failed;
    if (!std::filesystem::exists(data_dir, failed)) {
        if (data_dir.has_parent_path()) {
            std::filesystem::create_directories(data_dir.parent_path(), failed);
        }
        if (::mkdir(data_dir.c_str(), 0700) != 0 && errno != EEXIST) {
            return system_error("cannot make the data directory", data_dir);
        }
    }
    auto state = std::make_unique<State>();
    state->data_dir = data_dir;
    MUSTER_ASSIGN(state->folder, open_folder(data_dir));
    state->lock = Descriptor{::openat(state->folder.get(),
                                      std::string{kLockName}.c_str(),
                                      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                                      0600)};
    if (!state->lock.valid()) {
        return system_error("cannot open", data_dir / kLockName);
    }
    if (::flock(state->lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return std::unique_ptr<Owner>{};
        }
        return system_error("cannot lock", data_dir / kLockName);
    }
    return std::unique_ptr<Owner>{new Owner{std::move(state)}};
}

Result<void> Owner::serve(GuestHandler handler) {
    State& state = *state_;
    state.handler = std::move(handler);
    state.wake = Descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    state.listener = Descriptor{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const std::string name{kSocketName};
    ::unlinkat(state.folder.get(), name.c_str(), 0);
    const sockaddr_un address = socket_address(state.folder.get());
    // The mode is set on the socket before it gets a name, so that it is never open to others.
    if (!state.wake.valid() || !state.listener.valid() ||
        ::fchmod(state.listener.get(), 0600) != 0 ||
        ::bind(state.listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 ||
        ::listen(state.listener.get(), kBacklog) != 0) {
        return system_error("cannot serve", state.data_dir / kSocketName);
    }
    state.acceptor = std::thread{[&state] { state.accept_loop(); }};
    return {};
}

bool Owner::try_finish() {
    State& state = *state_;
    if (!state.acceptor.joinable()) {
        return true;
    }
    {
        const std::scoped_lock hold{state.mutex};
        if (state.active > 0) {
            return false;
        }
        state.closing = true;
        ::unlinkat(state.folder.get(), std::string{kSocketName}.c_str(), 0);
    }
    state.wake_acceptor();
    state.acceptor.join();
    state.listener.reset();
    for (Guest& guest : state.all_guests) {
        guest.thread.join();
    }
    state.all_guests.clear();
    return true;
}

void Owner::finish() {
    while (!try_finish()) {
        std::unique_lock hold{state_->mutex};
        state_->changed.wait(hold, [this] { return state_->active == 0; });
    }
}

void Owner::cancel_guests() {
    const std::scoped_lock hold{state_->mutex};
    for (Guest& guest : state_->all_guests) {
        guest.cancel.cancel();
    }
}

std::size_t Owner::guests() const {
    const std::scoped_lock hold{state_->mutex};
    return state_->active;
}

}  // namespace muster
