#include "aws/detail/program_output.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::size_t kBlockBytes = 4096;
constexpr int kSignalled = 128;

Error cannot_start(int code) {
    return {.code = ErrorCode::kIo,
            .message = fmt::format("cannot start a program: {}", std::strerror(code)),
            .hint = "check the limits of processes and open files"};
}

class Pipe {
  public:
    Pipe() : code_(::pipe2(ends_.data(), O_CLOEXEC) == 0 ? 0 : errno) {}
    ~Pipe() {
        close(0);
        close(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int code() const { return code_; }
    int end(std::size_t which) const { return ends_.at(which); }
    void close(std::size_t which) {
        if (ends_.at(which) >= 0) {
            ::close(ends_.at(which));
            ends_.at(which) = -1;
        }
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    int code_;
};

// 0, or the error's number.
int spawn(const std::string& command, int out, int err, pid_t& child) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);  // servers ignore it, programs expect it
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    const std::array<char*, 4> words{shell.data(), option.data(), text.data(), nullptr};
    const int code = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

// False at the end of the output.
bool read_block(int end, std::string& text) {
    std::array<char, kBlockBytes> block{};
    const ssize_t bytes = ::read(end, block.data(), block.size());
    if (bytes > 0) {
        text.append(block.data(), static_cast<std::size_t>(bytes));
    }
    return bytes > 0 || (bytes < 0 && errno == EINTR);
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

// Until both are closed.
Result<void> read_both(Pipe& out,
                       Pipe& err,
                       ProgramOutput& output,
                       std::chrono::milliseconds time_max,
                       std::size_t bytes_max,
                       const CancelToken* cancel) {
    const auto deadline = std::chrono::steady_clock::now() + time_max;
    std::array<pollfd, 2> ends{pollfd{.fd = out.end(0), .events = POLLIN, .revents = 0},
                               pollfd{.fd = err.end(0), .events = POLLIN, .revents = 0}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (cancel != nullptr && cancel->cancelled()) {
            return Error{.code = ErrorCode::kCancelled, .message = "stopped on request"};
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return Error{.code = ErrorCode::kUnavailable,
                         .message = fmt::format(
                             "it did not end within {} s",
                             std::chrono::duration_cast<std::chrono::seconds>(time_max).count())};
        }
        ::poll(ends.data(), ends.size(), static_cast<int>(kLookEvery.count()));
        for (std::size_t i = 0; i < ends.size(); ++i) {
            std::string& text = i == 0 ? output.out : output.err;
            if (ends.at(i).revents != 0 && !read_block(ends.at(i).fd, text)) {
                ends.at(i).fd = -1;  // poll passes it over
            }
            ends.at(i).revents = 0;
            if (text.size() > bytes_max) {
                return Error{.code = ErrorCode::kUnavailable,
                             .message = fmt::format("it printed more than {} bytes", bytes_max)};
            }
        }
    }
    return {};
}

}  // namespace

Result<ProgramOutput> run_program(const std::string& command,
                                  std::chrono::milliseconds time_max,
                                  std::size_t bytes_max,
                                  const CancelToken* cancel) {
    Pipe out;
    Pipe err;
    for (const int code : {out.code(), err.code()}) {
        if (code != 0) {
            return cannot_start(code);
        }
    }
    pid_t child = 0;
    if (const int code = spawn(command, out.end(1), err.end(1), child); code != 0) {
        return cannot_start(code);
    }
    out.close(1);
    err.close(1);
    ProgramOutput output;
    const auto read = read_both(out, err, output, time_max, bytes_max, cancel);
    if (!read.ok()) {
        ::kill(-child, SIGKILL);
    }
    output.status = wait_for(child);
    MUSTER_TRY(read);
    return output;
}

}  // namespace muster
