// The first half of a session: a request is read, checked and handed to who answers it. What goes
// back is in session_answer.cpp.
#include "api/http/detail/session.h"

#include "api/http/detail/target.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <limits>

namespace muster::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::beast::error_code;

constexpr std::size_t kReadBytes = 16U << 10;
constexpr std::size_t kBufferBytesMax = 128U << 10;
constexpr std::size_t kFieldsMax = 100;

}  // namespace

Session::Session(Shared& shared, asio::ip::tcp::socket socket)
    : shared_(shared), stream_(std::move(socket)), buffer_(kBufferBytesMax) {
    error_code failed;
    const auto peer = stream_.socket().remote_endpoint(failed);
    address_ = failed ? "" : peer.address().to_string();
    stream_.socket().set_option(asio::ip::tcp::no_delay{true}, failed);
    shared_.sessions.insert(this);
    ++shared_.connections;
}

Session::~Session() {
    reserve_body(0);
    shared_.sessions.erase(this);
    --shared_.connections;
}

void Session::start() { next_request(); }

void Session::refuse() {
    request_ = {};
    request_.id = shared_.new_request_id();
    request_.received_ns = shared_.now_ns();
    fail(503, "too many connections; try again");
}

void Session::wind_down() {
    keep_alive_ = false;
    if (idle_) {
        abort();
    }
}

void Session::abort() {
    error_code ignored;  // the connection is given up
    stream_.socket().close(ignored);
}

bool Session::reserve_body(std::size_t bytes) {
    const std::size_t others = shared_.bodies_bytes - reserved_;
    const bool fits = bytes == 0 || others + bytes <= shared_.options.bodies_bytes_max;
    reserved_ = fits ? bytes : 0;
    shared_.bodies_bytes = others + reserved_;
    return fits;
}

void Session::next_request() {
    parser_.reset();
    request_ = {};
    reserve_body(0);
    response_ = {};
    idle_ = true;
    begun_ = false;
    keep_alive_ = false;
    head_only_ = false;
    http_1_0_ = false;
    if (shared_.stopping.load()) {
        close_gently();
        return;
    }
    stream_.expires_after(ms(shared_.options.idle_ms));
    if (buffer_.size() > 0) {
        on_header_bytes({}, 0);
    } else {
        read_header();
    }
}

void Session::read_header() {
    stream_.async_read_some(buffer_.prepare(std::min(kReadBytes, kBufferBytesMax - buffer_.size())),
                            [self = shared_from_this()](error_code failed, std::size_t bytes) {
                                self->on_header_bytes(failed, bytes);
                            });
}

void Session::on_header_bytes(error_code failed, std::size_t bytes) {
    if (failed) {
        return;  // the client left, or took too long: then Beast has closed the connection
    }
    buffer_.commit(bytes);
    if (!begun_) {
        begun_ = true;
        request_.received_ns = shared_.now_ns();
        stream_.expires_after(ms(shared_.options.header_ms));
    }
    if (const std::size_t end = find_header_end(); end > 0) {
        parse_header(end);
    }
}

std::size_t Session::find_header_end() {
    while (buffer_.size() >= 2 &&
           std::string_view{static_cast<const char*>(buffer_.data().data()), 2} == "\r\n") {
        buffer_.consume(2);  // an empty line before the request (RFC 9112, 2.2)
    }
    const std::string_view text{static_cast<const char*>(buffer_.data().data()), buffer_.size()};
    const std::size_t end = text.find("\r\n\r\n");
    const auto problem = check_lines(
        text.substr(0, end), shared_.options.target_bytes_max, shared_.options.header_bytes_max);
    if (problem) {
        request_.id = shared_.new_request_id();
        fail(problem->status, problem->detail);
        return 0;
    }
    if (end == text.npos) {
        read_header();
        return 0;
    }
    return end + 4;
}

void Session::parse_header(std::size_t header_bytes) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max + 1024));
    // Checked in read_body, so that the answer knows the request.
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    parser_->eager(false);
    error_code failed;
    const std::size_t used =
        parser_->put(asio::buffer(buffer_.data().data(), header_bytes), failed);
    request_.id = shared_.new_request_id();
    idle_ = false;
    if (failed || !parser_->is_header_done()) {
        fail(400, "the header is malformed: " + failed.message());
        return;
    }
    buffer_.consume(used);
    if (std::distance(parser_->get().begin(), parser_->get().end()) > std::ptrdiff_t{kFieldsMax}) {
        fail(431, fmt::format("the header has more than {} fields", kFieldsMax));
        return;
    }
    read_headers_into_request();
    if (const auto problem = check_header(request_, http_1_0_, shared_.options.target_bytes_max)) {
        fail(problem->status, problem->detail);
        return;
    }
    read_body();
}

void Session::read_headers_into_request() {
    const auto& message = parser_->get();
    request_.method = std::string{message.method_string()};
    request_.target = std::string{message.target()};
    request_.address = address_;
    for (const auto& field : message) {
        add_field(request_, std::string_view{field.name_string()}, std::string_view{field.value()});
    }
    http_1_0_ = message.version() == 10;
    head_only_ = request_.method == "HEAD";
    keep_alive_ = message.keep_alive() && !shared_.stopping.load();
    if (const std::string* id = request_.header("x-request-id");
        id != nullptr && usable_request_id(*id)) {
        request_.id = *id;
    }
}

void Session::read_body() {
    if (parser_->is_done()) {
        dispatch();
        return;
    }
    const auto length = parser_->content_length();
    if (length && *length > shared_.options.body_bytes_max) {
        fail(413, fmt::format("the body is larger than {} bytes", shared_.options.body_bytes_max));
        return;
    }
    // How much a chunked body will be is not known yet.
    if (!reserve_body(length ? static_cast<std::size_t>(*length)
                             : shared_.options.body_bytes_max)) {
        fail(503, "the server has too many requests with a body in work; try again");
        return;
    }
    parser_->body_limit(shared_.options.body_bytes_max);
    stream_.expires_after(ms(shared_.options.body_ms));
    const auto read = [self = shared_from_this()] {
        beast::http::async_read(
            self->stream_, self->buffer_, *self->parser_, [self](error_code failed, std::size_t) {
                self->on_body(failed);
            });
    };
    if (request_.header("expect") == nullptr || http_1_0_) {
        read();
        return;
    }
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_,
                      asio::buffer(kContinue),
                      [self = shared_from_this(), read](error_code failed, std::size_t) {
                          if (!failed) {
                              read();
                          }
                      });
}

void Session::on_body(error_code failed) {
    if (failed == beast::http::error::body_limit) {
        fail(413, fmt::format("the body is larger than {} bytes", shared_.options.body_bytes_max));
    } else if (failed == beast::error::timeout || failed == beast::http::error::end_of_stream ||
               failed == beast::http::error::partial_message || failed == asio::error::eof ||
               failed == asio::error::connection_reset) {
        return;  // the client left in the middle, or took too long
    } else if (failed) {
        fail(400, "the body is malformed: " + failed.message());
    } else {
        request_.body = std::move(parser_->get().body());
        reserve_body(request_.body.size());
        dispatch();
    }
}

void Session::dispatch() {
    stream_.expires_never();
    if (auto quick = shared_.callbacks.quick ? shared_.callbacks.quick(request_) : std::nullopt) {
        write(std::move(*quick));
        return;
    }
    // The worker gives its share of the session back: sessions end on the I/O thread only.
    const bool taken = shared_.workers->submit([self = shared_from_this()]() mutable {
        Response response = self->run_handler();
        asio::io_context& io = self->shared_.io;
        asio::post(io, [self = std::move(self), answer = std::move(response)]() mutable {
            self->write(std::move(answer));
        });
    });
    if (!taken) {
        const bool keep = keep_alive_;
        Response busy = shared_.callbacks.problem(503, "the server is busy; try again", request_);
        busy.set("Retry-After", "1");
        keep_alive_ = keep;
        write(std::move(busy));
    }
}

Response Session::run_handler() {
    try {
        return shared_.callbacks.handle(request_);
    } catch (const std::exception& failure) {
        return shared_.callbacks.problem(500, failure.what(), request_);
    }
}

void Session::fail(int status, const std::string& detail) {
    idle_ = false;
    keep_alive_ = false;
    if (request_.received_ns == 0) {
        request_.received_ns = shared_.now_ns();
    }
    request_.address = address_;
    write(shared_.callbacks.problem(status, detail, request_));
}

}  // namespace muster::http
