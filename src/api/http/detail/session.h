// One connection: reads a request, has it answered, writes the answer, again. Everything here runs
// on the I/O thread but what is said to run on a worker.
//
// The header is collected by hand before Beast parses it, so that what Beast lets pass (folded
// lines) or waits for (a bare LF) is refused at once.
#pragma once

#include "api/http/detail/workers.h"
#include "api/http/message.h"
#include "api/http/server.h"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace muster::http {

class Session;

inline std::chrono::milliseconds ms(std::int64_t value) { return std::chrono::milliseconds{value}; }

// What all connections of a server share.
struct Shared {
    ServerOptions options;
    Callbacks callbacks;
    std::unique_ptr<Workers> workers;
    std::unordered_set<Session*> sessions;  // I/O thread only
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> streams{0};
    std::atomic<bool> stopping{false};
    std::size_t bodies_bytes = 0;  // reserved by all sessions; I/O thread only
    // Destroyed before the rest, which the sessions in its last handlers still use.
    boost::asio::io_context io{1};

    std::int64_t now_ns() const;
    std::string new_request_id();
    const std::string& date();  // of now, RFC 9110

  private:
    std::uint64_t ids_ = 0;
    std::int64_t date_second_ = 0;
    std::string date_;
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(Shared& shared, boost::asio::ip::tcp::socket socket);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start();
    // Too many connections: says so and closes.
    void refuse();
    // At shutdown: an idle connection is closed, a busy one after its answer.
    void wind_down();
    void abort();

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void read_header();
    void on_header_bytes(boost::beast::error_code failed, std::size_t bytes);
    // The end of the header in the buffer; 0 if it is not complete. A malformed one is answered.
    std::size_t find_header_end();
    void parse_header(std::size_t header_bytes);
    void read_headers_into_request();
    void read_body();
    // Counts the bytes of the body against those of all requests; false if they are too many.
    bool reserve_body(std::size_t bytes);
    void on_body(boost::beast::error_code failed);
    void dispatch();
    Response run_handler();  // on a worker
    void fail(int status, const std::string& detail);
    void write(Response response);
    std::string head_of(const Response& response, bool chunked) const;
    void on_written(boost::beast::error_code failed, std::size_t bytes);
    void pump(BodySource source);
    // Both on the thread of a stream: false if the client is gone or too slow.
    bool send_pieces(const BodySource& pieces, const std::atomic<bool>& gone);
    bool send(std::string text);
    void watch_client(const std::shared_ptr<std::atomic<bool>>& gone);
    void next_request();
    void close_gently();
    void discard(std::size_t left);

    Shared& shared_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    Request request_;
    Response response_;
    std::string head_;
    std::string address_;
    std::size_t reserved_ = 0;
    bool idle_ = true;    // no complete header has come, or all is said
    bool begun_ = false;  // a byte of the request has come
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool http_1_0_ = false;
};

}  // namespace muster::http
