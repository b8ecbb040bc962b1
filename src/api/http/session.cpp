#include "api/http/detail/session.h"

#include "api/http/detail/target.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <future>
#include <thread>

namespace muster::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::beast::error_code;

constexpr std::size_t kReadBytes = 16U << 10;
constexpr std::size_t kBufferBytesMax = 128U << 10;
constexpr std::size_t kDiscardBytesMax = 32U << 20;
constexpr std::int64_t kLingerMs = 2000;
constexpr std::size_t kStreamsMax = 64;
constexpr std::int64_t kStreamWaitMs = 500;

std::chrono::milliseconds ms(std::int64_t value) { return std::chrono::milliseconds{value}; }

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

// A header's value must not end the header.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    return text;
}

std::string_view reason_of(int status) {
    return std::string_view{beast::http::obsolete_reason(static_cast<beast::http::status>(status))};
}

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
    if (idle_ && !begun_) {
        abort();
    }
}

void Session::abort() {
    error_code ignored;  // the connection is given up
    stream_.socket().close(ignored);
}

void Session::next_request() {
    parser_.reset();
    request_ = {};
    response_ = {};
    idle_ = true;
    begun_ = false;
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
    if (failed == beast::error::timeout && begun_) {
        request_.id = shared_.new_request_id();
        fail(408, "the header did not come in time");
        return;
    }
    if (failed) {
        return;  // the client left, or was idle for long
    }
    buffer_.commit(bytes);
    if (!begun_) {
        begun_ = true;
        idle_ = false;
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
    const std::string_view head = text.substr(0, end);
    const std::size_t line = head.find("\r\n");
    const auto refuse_with = [this](int status, const std::string& detail) {
        request_.id = shared_.new_request_id();
        fail(status, detail);
        return std::size_t{0};
    };
    for (std::size_t at = head.find('\n'); at != head.npos; at = head.find('\n', at + 1)) {
        if (at == 0 || head[at - 1] != '\r') {
            return refuse_with(400, "a line of the header ends without CR");
        }
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) {
            return refuse_with(400, "a header is folded over lines");
        }
    }
    // Method and version take little; the rest of the first line is the target.
    constexpr std::size_t kLineOverhead = 32;
    if (std::min(line, head.size()) > shared_.options.target_bytes_max + kLineOverhead) {
        return refuse_with(
            414,
            fmt::format("the target is longer than {} bytes", shared_.options.target_bytes_max));
    }
    if (head.size() > shared_.options.header_bytes_max) {
        return refuse_with(
            431,
            fmt::format("the header is larger than {} bytes", shared_.options.header_bytes_max));
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
    parser_->body_limit(shared_.options.body_bytes_max);
    parser_->eager(false);
    error_code failed;
    const std::size_t used =
        parser_->put(asio::buffer(buffer_.data().data(), header_bytes), failed);
    request_.id = shared_.new_request_id();
    if (failed == beast::http::error::body_limit) {
        fail(413, fmt::format("the body is larger than {} bytes", shared_.options.body_bytes_max));
        return;
    }
    if (failed || !parser_->is_header_done()) {
        fail(400, "the header is malformed: " + failed.message());
        return;
    }
    buffer_.consume(used);
    read_headers_into_request();
    if (const auto problem = header_problem()) {
        fail(problem->first, problem->second);
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
        std::string name = lower(std::string_view{field.name_string()});
        const std::string value{field.value()};
        const auto known = std::find_if(request_.headers.begin(),
                                        request_.headers.end(),
                                        [&name](const auto& one) { return one.first == name; });
        if (known != request_.headers.end()) {
            known->second += ", " + value;
        } else {
            request_.headers.emplace_back(std::move(name), value);
        }
    }
    http_1_0_ = message.version() == 10;
    head_only_ = request_.method == "HEAD";
    keep_alive_ = message.keep_alive() && !shared_.stopping.load();
    if (const std::string* id = request_.header("x-request-id");
        id != nullptr && usable_request_id(*id)) {
        request_.id = *id;
    }
}

std::optional<std::pair<int, std::string>> Session::header_problem() {
    const auto& message = parser_->get();
    const auto hosts =
        std::distance(message.equal_range("host").first, message.equal_range("host").second);
    if (hosts > 1 || (hosts == 0 && !http_1_0_)) {
        return std::pair{400, std::string{"there must be one Host header"}};
    }
    const std::string* coding = request_.header("transfer-encoding");
    if (coding != nullptr && (request_.header("content-length") != nullptr || http_1_0_)) {
        return std::pair{400,
                         std::string{"Transfer-Encoding and Content-Length exclude each other"}};
    }
    if (coding != nullptr && lower(*coding) != "chunked") {
        return std::pair{501, std::string{"the only known transfer coding is chunked"}};
    }
    if (request_.header("content-encoding") != nullptr &&
        lower(*request_.header("content-encoding")) != "identity") {
        return std::pair{415, std::string{"send the body without Content-Encoding"}};
    }
    if (const std::string* expect = request_.header("expect");
        expect != nullptr && lower(*expect) != "100-continue") {
        return std::pair{417, std::string{"the only known expectation is 100-continue"}};
    }
    if (request_.target.size() > shared_.options.target_bytes_max) {
        return std::pair{
            414,
            fmt::format("the target is longer than {} bytes", shared_.options.target_bytes_max)};
    }
    const std::string* host = request_.header("host");
    std::string problem = read_target(request_, host != nullptr ? *host : "");
    if (!problem.empty()) {
        return std::pair{400, std::move(problem)};
    }
    return std::nullopt;
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
    } else if (failed == beast::error::timeout) {
        fail(408, "the body did not come in time");
    } else if (failed == beast::http::error::end_of_stream ||
               failed == beast::http::error::partial_message || failed == asio::error::eof ||
               failed == asio::error::connection_reset) {
        return;  // the client left in the middle
    } else if (failed) {
        fail(400, "the body is malformed: " + failed.message());
    } else {
        request_.body = std::move(parser_->get().body());
        dispatch();
    }
}

void Session::dispatch() {
    stream_.expires_never();
    if (auto quick = shared_.callbacks.quick ? shared_.callbacks.quick(request_) : std::nullopt) {
        write(std::move(*quick));
        return;
    }
    const bool taken = shared_.workers->submit([self = shared_from_this()] {
        Response response = self->shared_.callbacks.handle(self->request_);
        asio::post(self->shared_.io, [self, answer = std::move(response)]() mutable {
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

void Session::fail(int status, const std::string& detail) {
    idle_ = false;
    keep_alive_ = false;
    if (request_.received_ns == 0) {
        request_.received_ns = shared_.now_ns();
    }
    request_.address = address_;
    write(shared_.callbacks.problem(status, detail, request_));
}

std::string Session::head_of(const Response& response, bool chunked) const {
    std::string head;
    head.reserve(512);
    fmt::format_to(std::back_inserter(head),
                   "HTTP/1.1 {} {}\r\nDate: {}\r\nX-Request-Id: {}\r\n",
                   response.status,
                   reason_of(response.status),
                   shared_.date(),
                   request_.id);
    for (const auto& [name, value] : response.headers) {
        head += name;
        head += ": ";
        head += value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos
                    ? value
                    : one_line(value);
        head += "\r\n";
    }
    const bool bodiless = response.status == 204 || response.status == 304;
    if (chunked) {
        head += http_1_0_ ? "" : "Transfer-Encoding: chunked\r\n";
    } else if (!bodiless) {
        fmt::format_to(std::back_inserter(head),
                       "Content-Length: {}\r\n",
                       response.body ? response.body->size() : 0);
    }
    if (!keep_alive_) {
        head += "Connection: close\r\n";
    } else if (http_1_0_) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

void Session::write(Response response) {
    response_ = std::move(response);
    keep_alive_ = keep_alive_ && !response_.close && !shared_.stopping.load();
    if (response_.stream && !head_only_) {
        pump(std::move(response_.stream));
        return;
    }
    head_ = head_of(response_, false);
    const bool bodiless = head_only_ || response_.status == 204 || response_.status == 304;
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
    if (shared_.callbacks.done) {
        shared_.callbacks.done(
            request_, response_.status, bytes, shared_.now_ns() - request_.received_ns);
    }
    if (failed) {
        abort();
    } else if (keep_alive_) {
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
    std::thread{[self = shared_from_this(), pieces = std::move(source)]() mutable {
        const auto send = [&self](std::string text) {
            auto bytes = std::make_shared<const std::string>(std::move(text));
            std::promise<bool> written;
            auto future = written.get_future();
            asio::post(self->shared_.io, [&self, bytes, &written] {
                self->stream_.expires_after(ms(self->shared_.options.write_ms));
                asio::async_write(self->stream_,
                                  asio::buffer(*bytes),
                                  [bytes, &written](error_code failed, std::size_t) {
                                      written.set_value(!failed);
                                  });
            });
            return future.get();
        };
        bool open = send(self->head_);
        while (open && !self->shared_.stopping.load()) {
            const auto piece = pieces(kStreamWaitMs);
            if (!piece) {
                break;
            }
            if (piece->empty()) {
                continue;
            }
            open = send(self->http_1_0_ ? *piece
                                        : fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece));
        }
        if (open && !self->http_1_0_) {
            open = send("0\r\n\r\n");
        }
        asio::post(self->shared_.io, [self, open] {
            --self->shared_.streams;
            self->on_written(open ? error_code{} : asio::error::connection_reset, 0);
        });
    }}.detach();
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
    buffer_.clear();
    stream_.expires_after(ms(kLingerMs));
    discard(kDiscardBytesMax);
}

void Session::discard(std::size_t left) {
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(kReadBytes),
        [self = shared_from_this(), left](error_code failed, std::size_t bytes) {
            if (failed || bytes >= left) {
                self->abort();
            } else {
                self->discard(left - bytes);
            }
        });
}

}  // namespace muster::http
