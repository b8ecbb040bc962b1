// The composition root: collects what the process was started with, turns signals into requests to
// stop and runs the invocation.
#include "cli/dispatch.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace muster {
namespace {

constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr int kSignalExitBase = 128;

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : kStopSignals) {
        sigaddset(&set, number);
    }
    return set;
}

// The first signal asks to stop, the second ends the process at once. A thread of its own, so that
// no code runs in a signal handler.
class SignalWatcher {
  public:
    explicit SignalWatcher(StopRequests& stop) : stop_(stop) {
        // Blocked before any other thread starts, so that all inherit it.
        const sigset_t set = stop_signals();
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
        signals_ = Descriptor{::signalfd(-1, &set, SFD_CLOEXEC)};
        wake_ = Descriptor{::eventfd(0, EFD_CLOEXEC)};
        stop_.cancel_fd = wake_.get();
        std::thread{[this] { watch(); }}.detach();
    }

    // The last signal, 0 if there was none.
    int signal() const { return signal_.load(); }

  private:
    void watch() {
        bool asked = false;
        bool asked_guests = false;
        while (true) {
            signalfd_siginfo info{};
            if (::read(signals_.get(), &info, sizeof info) != sizeof info) {
                continue;
            }
            signal_ = static_cast<int>(info.ssi_signo);
            bool& before = stop_.waiting ? asked_guests : asked;
            if (before) {
                ::_exit(kSignalExitBase + signal_);
            }
            before = true;
            if (stop_.waiting) {
                stop_.guests.cancel();
                continue;
            }
            stop_.verb.cancel();
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
        }
    }

    StopRequests& stop_;
    Descriptor signals_;
    Descriptor wake_;
    std::atomic<int> signal_{0};
};

Invocation own_invocation(int argc, char** argv) {
    Invocation invocation;
    invocation.arguments.assign(argv + (argc > 0 ? 1 : 0), argv + argc);
    std::error_code failed;
    invocation.working_dir = std::filesystem::current_path(failed).string();
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            invocation.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    TerminalFacts& terminal = invocation.terminal;
    terminal.in = ::isatty(STDIN_FILENO) == 1;
    terminal.out = ::isatty(STDOUT_FILENO) == 1;
    terminal.err = ::isatty(STDERR_FILENO) == 1;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.columns = size.ws_col;
    }
    return invocation;
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
    // Never destroyed: the watcher's thread uses them until the very end.
    static muster::StopRequests& stop = *new muster::StopRequests;
    static muster::SignalWatcher& watcher = *new muster::SignalWatcher{stop};
    const muster::SystemClock clock;
    const int code =
        muster::run_process(muster::own_invocation(argc, argv), muster::Descriptors{}, stop, clock);
    // What was stopped by a signal says by which.
    const bool stopped = code == exit_code(muster::ErrorCode::kCancelled);
    return stopped && watcher.signal() != 0 ? muster::kSignalExitBase + watcher.signal() : code;
}
