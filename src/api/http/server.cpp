#include "api/http/server.h"

#include "api/http/detail/session.h"

#include <fmt/core.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <random>
#include <thread>

namespace muster::http {
namespace {

namespace asio = boost::asio;
using boost::beast::error_code;

constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr std::size_t kRefusalsMax = 64;  // connections beyond the limit that get an answer
constexpr auto kStopPoll = std::chrono::milliseconds(5);

}  // namespace

std::int64_t Shared::now_ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string Shared::new_request_id() {
    static const std::uint64_t start = [] {
        std::random_device random;
        return (std::uint64_t{random()} << 32U) | random();
    }();
    return fmt::format("{:016x}-{:x}", start, ++ids_);
}

const std::string& Shared::date() {
    const std::int64_t second = std::time(nullptr);
    if (second != date_second_) {
        date_second_ = second;
        std::tm parts{};
        gmtime_r(&second, &parts);
        char text[64];
        const std::size_t bytes =
            std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        date_.assign(text, bytes);
    }
    return date_;
}

struct Server::Impl {
    Shared shared;
    // While a worker is at the last request, nothing else keeps the I/O thread running.
    asio::executor_work_guard<asio::io_context::executor_type> work{shared.io.get_executor()};
    asio::ip::tcp::acceptor acceptor{shared.io};
    asio::steady_timer pause{shared.io};
    std::thread thread;

    void accept() {
        acceptor.async_accept([this](error_code failed, asio::ip::tcp::socket socket) {
            if (failed == asio::error::operation_aborted || shared.stopping.load()) {
                return;
            }
            if (failed) {
                // Out of file descriptors: those at work will give some back.
                pause.expires_after(kAcceptPause);
                pause.async_wait([this](error_code cancelled) {
                    if (!cancelled) {
                        accept();
                    }
                });
                return;
            }
            const std::size_t open = shared.connections.load();
            const std::size_t open_max = shared.options.connections_max;
            if (open < open_max + kRefusalsMax) {
                const auto session = std::make_shared<Session>(shared, std::move(socket));
                open < open_max ? session->start() : session->refuse();
            } else {
                socket.close(failed);
            }
            accept();
        });
    }
};

Result<std::unique_ptr<Server>> Server::open(const ServerOptions& options, Callbacks callbacks) {
    auto impl = std::make_unique<Impl>();
    impl->shared.options = options;
    impl->shared.callbacks = std::move(callbacks);
    error_code failed;
    const auto address = asio::ip::make_address(options.address, failed);
    if (failed) {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' is no IP address", options.address),
                     "use 127.0.0.1, or an address of this machine",
                     ""};
    }
    const asio::ip::tcp::endpoint endpoint{address, options.port};
    const auto step = [&failed](auto&& work) {
        if (!failed) {
            work();
        }
    };
    step([&] { impl->acceptor.open(endpoint.protocol(), failed); });
    step([&] { impl->acceptor.set_option(asio::socket_base::reuse_address{true}, failed); });
    step([&] { impl->acceptor.bind(endpoint, failed); });
    step([&] { impl->acceptor.listen(asio::socket_base::max_listen_connections, failed); });
    if (failed) {
        const bool used = failed == asio::error::address_in_use;
        return Error{
            used ? ErrorCode::kConflict : ErrorCode::kUsage,
            fmt::format(
                "cannot listen on {}:{}: {}", options.address, options.port, failed.message()),
            "choose another address or port with --listen",
            ""};
    }
    impl->shared.workers = std::make_unique<Workers>(options.workers, options.queue_max);
    return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(0); }

std::uint16_t Server::port() const {
    error_code failed;
    return impl_->acceptor.local_endpoint(failed).port();
}

void Server::start() {
    impl_->accept();
    impl_->thread = std::thread{[this] { impl_->shared.io.run(); }};
}

bool Server::stop(std::int64_t deadline_ms, const std::function<void()>& late) {
    Shared& shared = impl_->shared;
    if (!impl_->thread.joinable()) {
        return true;
    }
    asio::post(shared.io, [this, &shared] {
        shared.stopping = true;
        error_code ignored;  // nothing more is accepted either way
        impl_->acceptor.close(ignored);
        const auto sessions = shared.sessions;
        for (Session* session : sessions) {
            session->wind_down();
        }
    });
    const std::int64_t end_ns = shared.now_ns() + deadline_ms * 1'000'000;
    while (shared.connections.load() > 0 && shared.now_ns() < end_ns) {
        std::this_thread::sleep_for(kStopPoll);
    }
    const bool whole = shared.connections.load() == 0;
    if (late) {
        late();
    }
    // Streams end by themselves now; workers end what they are at.
    asio::post(shared.io, [&shared] {
        const auto sessions = shared.sessions;
        for (Session* session : sessions) {
            session->abort();
        }
    });
    while (shared.streams.load() > 0) {
        std::this_thread::sleep_for(kStopPoll);
    }
    shared.workers->stop();
    shared.io.stop();
    impl_->thread.join();
    shared.workers->clear();
    return whole;
}

ServerState Server::state() const {
    const Shared& shared = impl_->shared;
    return {.connections = shared.connections.load(),
            .queued = shared.workers->queued(),
            .running = shared.workers->running()};
}

}  // namespace muster::http
