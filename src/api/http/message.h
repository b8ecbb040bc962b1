// HTTP requests and responses as plain data: handlers know nothing of the server or of sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;                                      // "GET"
    std::string target;                                      // as sent: "/departments?limit=10"
    std::string path;                                        // decoded, without query
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
    Headers headers;  // names in lower case; equal names joined by ", "
    std::string body;
    std::string address;           // of the peer, without port
    std::string id;                // X-Request-Id: taken from the client if well formed, else made
    std::int64_t received_ns = 0;  // monotonic

    // nullptr if absent; `name` in lower case.
    const std::string* header(std::string_view name) const;
    const std::string* parameter(std::string_view name) const;  // of the query, the first
};

// A body that comes piece by piece (server-sent events). Called from a worker thread; it may block
// for up to the time it is given and returns "" if nothing came, nothing at the end.
using BodySource = std::function<std::optional<std::string>(std::int64_t wait_ms)>;

struct Response {
    int status = 200;
    Headers headers;  // without Content-Length, Date, Connection, X-Request-Id: the server's matter
    std::shared_ptr<const std::string>
        body;            // null = empty; shared, so that a cache copies nothing
    BodySource stream;   // instead of body
    bool close = false;  // end the connection after it

    void set(std::string name, std::string value);
    const std::string* header(std::string_view name) const;  // any case
};

Response text_response(int status, std::string content_type, std::string body);

// "%41+b" -> "A b" ('+' only in queries); nothing if it is malformed or holds NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace muster::http
