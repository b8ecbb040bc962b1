// The second half of a session: the answer goes out, whole or in pieces, and the connection is used
// again or closed.
#include "api/http/detail/response_head.h"
#include "api/http/detail/session.h"

#include <fmt/core.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <thread>

namespace muster::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::beast::error_code;

constexpr std::size_t kDiscardBytesAtOnce = 16U << 10;
constexpr std::size_t kDiscardBytesMax = 32U << 20;
constexpr std::int64_t kLingerMs = 2000;
constexpr std::size_t kStreamsMax = 64;
constexpr std::int64_t kStreamWaitMs = 500;

std::string_view reason_of(int status) {
    return std::string_view{beast::http::obsolete_reason(static_cast<beast::http::status>(status))};
}

}  // namespace

std::string Session::head_of(const Response& response, bool chunked) const {
    return response_head(response,
                         {.reason = reason_of(response.status),
                          .date = shared_.date(),
                          .request_id = request_.id,
                          .chunked = chunked,
                          .keep_alive = keep_alive_,
                          .http_1_0 = http_1_0_});
}

void Session::write(Response response) {
    response_ = std::move(response);
    keep_alive_ = keep_alive_ && !response_.close && !shared_.stopping.load();
    if (response_.stream && !head_only_) {
        pump(std::move(response_.stream));
        return;
    }
    head_ = head_of(response_, false);
    const bool bodiless = head_only_ || has_no_body(response_.status);
    const std::array<asio::const_buffer, 2> parts = {
        asio::buffer(head_),
        bodiless || !response_.body ? asio::const_buffer{} : asio::buffer(*response_.body)};
    stream_.expires_after(ms(shared_.options.write_ms));
    asio::async_write(
        stream_, parts, [self = shared_from_this()](error_code failed, std::size_t bytes) {
            self->on_written(failed, bytes);
        });
}

void Session::on_written(error_code failed, std::size_t bytes) {
    if (failed) {
        abort();
        return;
    }
    if (shared_.callbacks.done) {
        shared_.callbacks.done(
            request_, response_.status, bytes, shared_.now_ns() - request_.received_ns);
    }
    if (keep_alive_) {
        next_request();
    } else {
        close_gently();
    }
}

// A thread of its own takes the pieces from the source; each is written before the next is asked
// for. Ends with the source, the client or the server.
void Session::pump(BodySource source) {
    keep_alive_ = keep_alive_ && !http_1_0_;
    if (shared_.streams.fetch_add(1) >= kStreamsMax) {
        --shared_.streams;
        write(shared_.callbacks.problem(503, "too many streams; try again", request_));
        return;
    }
    head_ = head_of(response_, true);
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    watch_client(gone);
    std::thread{[self = shared_from_this(), gone, pieces = std::move(source)]() mutable {
        const bool open = self->send_pieces(pieces, *gone);
        // What the source refers to may end with the server: it goes before the count does.
        pieces = nullptr;
        asio::io_context& io = self->shared_.io;
        asio::post(io, [self = std::move(self), open] {
            --self->shared_.streams;
            self->on_written(open ? error_code{} : asio::error::connection_reset, 0);
        });
    }}.detach();
}

bool Session::send_pieces(const BodySource& pieces, const std::atomic<bool>& gone) {
    bool open = send(head_);
    while (open && !gone.load() && !shared_.stopping.load()) {
        const auto piece = pieces(kStreamWaitMs);
        if (!piece) {
            break;
        }
        if (!piece->empty()) {
            open = send(http_1_0_ ? *piece : fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece));
        }
    }
    return open && !gone.load() && (http_1_0_ || send("0\r\n\r\n"));
}

bool Session::send(std::string text) {
    const auto bytes = std::make_shared<const std::string>(std::move(text));
    // Shared: the waiter may be through before set_value has returned.
    const auto written = std::make_shared<std::promise<bool>>();
    auto future = written->get_future();
    asio::post(shared_.io, [this, bytes, written] {
        stream_.expires_after(ms(shared_.options.write_ms));
        asio::async_write(
            stream_, asio::buffer(*bytes), [bytes, written](error_code failed, std::size_t) {
                written->set_value(!failed);
            });
    });
    return future.get();
}

// A client that says nothing more while a stream runs has gone.
void Session::watch_client(const std::shared_ptr<std::atomic<bool>>& gone) {
    stream_.socket().async_wait(asio::ip::tcp::socket::wait_read,
                                [self = shared_from_this(), gone](error_code failed) {
                                    error_code unknown;
                                    if (failed || self->stream_.socket().available(unknown) == 0) {
                                        *gone = true;
                                    }
                                });
}

// Says that nothing more comes, then takes what the client still sends, so that it can read the
// answer before the connection is gone.
void Session::close_gently() {
    error_code failed;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, failed);
    if (failed) {
        abort();
        return;
    }
    if (shared_.stopping.load() && buffer_.size() == 0) {
        abort();
        return;
    }
    idle_ = true;
    stream_.expires_after(ms(kLingerMs));
    discard(kDiscardBytesMax);
}

void Session::discard(std::size_t left) {
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(kDiscardBytesAtOnce),
        [self = shared_from_this(), left](error_code failed, std::size_t bytes) {
            if (failed || bytes >= left) {
                self->abort();
            } else {
                self->discard(left - bytes);
            }
        });
}

}  // namespace muster::http
