// A line that nobody shall read over one's shoulder.
#include "cli/console.h"

#include <fmt/core.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr int kPollMs = 50;

// No echo while it lives. SIGTTOU is blocked meanwhile: a process in the background of the terminal
// would be stopped by it.
class NoEcho {
  public:
    explicit NoEcho(int fd) : fd_(fd) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTTOU);
        pthread_sigmask(SIG_BLOCK, &set, &signals_before_);
        if (::tcgetattr(fd_, &before_) == 0) {
            termios silent = before_;
            silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
        }
    }
    ~NoEcho() {
        if (changed_) {
            ::tcsetattr(fd_, TCSAFLUSH, &before_);
        }
        pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    bool changed() const { return changed_; }

  private:
    const int fd_;
    bool changed_ = false;
    termios before_{};
    sigset_t signals_before_{};
};

// Byte by byte, so that what follows the line is left to others.
Result<std::string> read_line(int fd, const CancelToken& cancel) {
    std::string line;
    while (line.size() < kLineBytesMax) {
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        const int found = ::poll(&ready, 1, kPollMs);
        if (cancel.cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped before the line was read", "", ""};
        }
        if (found == 0 || (found < 0 && errno == EINTR)) {
            continue;
        }
        char letter = 0;
        const ssize_t got = found < 0 ? -1 : ::read(fd, &letter, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return Error{ErrorCode::kIo,
                         fmt::format("cannot read standard input: {}", std::strerror(errno)),
                         "",
                         ""};
        }
        if (got == 0 || letter == '\n') {
            if (line.ends_with('\r')) {
                line.pop_back();
            }
            return line;
        }
        line += letter;
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("the line on standard input is longer than {} bytes", kLineBytesMax),
                 "",
                 ""};
}

}  // namespace

Result<std::string> Console::read_secret_line(std::string_view prompt, const CancelToken& cancel) {
    if (!terminal_.in) {
        return read_line(descriptors_.in, cancel);
    }
    const NoEcho silent{descriptors_.in};
    if (!silent.changed()) {
        return Error{ErrorCode::kIo,
                     "the terminal cannot be made to hide what is typed",
                     "pipe the line in on standard input",
                     ""};
    }
    {
        const std::lock_guard lock(mutex_);
        err_locked(prompt);
    }
    auto line = read_line(descriptors_.in, cancel);
    const std::lock_guard lock(mutex_);
    err_locked("\n");
    return line;
}

}  // namespace muster
