#include "cli/console.h"

#include "present/json.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::size_t kBufferBytes = 64U << 10;
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kClearLine = "\r\x1b[K";

// 0, or the errno of the write that failed.
int write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno == EAGAIN) {
                pollfd polled{fd, POLLOUT, 0};
                (void)::poll(&polled, 1, -1);
                continue;
            }
            return errno;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

}  // namespace

Console::Console(Descriptors descriptors, TerminalFacts terminal, CancelToken* stop)
    : descriptors_(descriptors), terminal_(terminal), stop_(stop) {}

Console::~Console() {
    transient("");
    flush();
}

void Console::out(std::string_view text) {
    const std::scoped_lock hold{mutex_};
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes) {
        flush_locked();
    }
}

void Console::out_line(std::string_view text) {
    const std::scoped_lock hold{mutex_};
    buffer_ += text;
    buffer_ += '\n';
    if (buffer_.size() >= kBufferBytes) {
        flush_locked();
    }
}

void Console::flush() {
    const std::scoped_lock hold{mutex_};
    flush_locked();
}

void Console::flush_locked() {
    if (!buffer_.empty() && failed_errno_ == 0) {
        if (terminal_.out) {
            clear_transient_locked();
        }
        failed_errno_ = write_all(descriptors_.out, buffer_);
        if (failed_errno_ != 0 && stop_ != nullptr) {
            stop_->cancel();
        }
    }
    buffer_.clear();
}

void Console::err_locked(std::string_view text) {
    clear_transient_locked();
    (void)write_all(descriptors_.err, text);
}

void Console::clear_transient_locked() {
    if (transient_shown_) {
        (void)write_all(descriptors_.err, kClearLine);
        transient_shown_ = false;
    }
}

void Console::message(std::string_view line) {
    const std::scoped_lock hold{mutex_};
    // Data that was produced before the message appears before it.
    flush_locked();
    err_locked(fmt::format("{}\n", line));
}

void Console::note(std::string_view line) {
    if (!options_.quiet) {
        message(line);
    }
}

void Console::detail(std::string_view line) {
    if (options_.verbose) {
        message(line);
    }
}

void Console::error(const Error& error) {
    if (json()) {
        out_line(error_json(error));
    }
    error_text(error);
}

void Console::error_text(const Error& error) {
    std::string text = fmt::format(
        "{}muster:{} {}", options_.color ? kRed : "", options_.color ? kReset : "", error.message);
    if (!error.hint.empty()) {
        text += fmt::format("\n  hint: {}", error.hint);
    }
    if (options_.verbose && !error.detail.empty()) {
        text += fmt::format("\n  detail: {}", error.detail);
    }
    message(text);
}

void Console::transient(std::string_view line) {
    const std::scoped_lock hold{mutex_};
    if (line.empty()) {
        clear_transient_locked();
        return;
    }
    (void)write_all(descriptors_.err, fmt::format("{}{}", kClearLine, line));
    transient_shown_ = true;
}

std::optional<Error> Console::write_error() {
    const std::scoped_lock hold{mutex_};
    if (failed_errno_ == 0) {
        return std::nullopt;
    }
    return Error{failed_errno_ == EPIPE ? ErrorCode::kCancelled : ErrorCode::kIo,
                 fmt::format("cannot write the output: {}", std::strerror(failed_errno_))};
}

Result<std::string> Console::read_in(std::size_t bytes_max) {
    std::string text;
    char block[16384];
    while (true) {
        const ssize_t got = ::read(descriptors_.in, block, sizeof block);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return Error{ErrorCode::kIo,
                         fmt::format("cannot read standard input: {}", std::strerror(errno))};
        }
        if (got == 0) {
            return text;
        }
        text.append(block, static_cast<std::size_t>(got));
        if (text.size() > bytes_max) {
            return Error{ErrorCode::kUsage,
                         fmt::format("standard input is longer than {} bytes", bytes_max)};
        }
    }
}

}  // namespace muster
