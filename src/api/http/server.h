// The HTTP server: one I/O thread, a bounded pool of workers (architecture.md, decision 11). The
// I/O thread reads, checks and writes; it never waits for the database. Malformed requests and
// limits are answered here, with problem+json of the given maker; who is too slow is cut off.
#pragma once

#include "api/http/message.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace muster::http {

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;           // 0 = any free one
    std::size_t workers = 64;            // inserts wait in theirs for the commit that they share
    std::size_t queue_max = 256;         // requests that wait for a worker; more: 503
    std::size_t connections_max = 1024;  // more: 503 and close
    std::size_t header_bytes_max = 16U << 10;
    std::size_t target_bytes_max = 4U << 10;
    std::size_t body_bytes_max = 8U << 20;
    std::size_t bodies_bytes_max = 64U << 20;  // of all requests that are read or in work: 503
    std::int64_t idle_ms = 60'000;             // keep-alive without a request
    std::int64_t header_ms = 10'000;  // from the first byte of a request to the end of its header
    std::int64_t body_ms = 30'000;
    std::int64_t write_ms = 30'000;
};

struct Callbacks {
    // On the I/O thread, before anything else: a quick answer that needs no wait (a cached report,
    // a refused token), or nothing to let a worker run `handle`.
    std::function<std::optional<Response>(const Request&)> quick;
    // On a worker.
    std::function<Response(const Request&)> handle;
    // The body of an error that the server itself answers: 400, 413, 414, 415, 417, 431, 501, 503.
    // The request may be incomplete; its id is set.
    std::function<Response(int status, const std::string& detail, const Request&)> problem;
    // After the last byte of a response was handed to the kernel, on the I/O thread.
    std::function<void(const Request&, int status, std::size_t bytes, std::int64_t taken_ns)> done;
};

struct ServerState {
    std::size_t connections = 0;
    std::size_t queued = 0;
    std::size_t running = 0;
};

class Server {
  public:
    // Binds and listens. kUsage if the address is none, kConflict if it is in use.
    static Result<std::unique_ptr<Server>> open(const ServerOptions& options, Callbacks callbacks);
    ~Server();

    std::uint16_t port() const;
    // Starts the threads; returns at once.
    void start();
    // Stops accepting, closes idle connections, lets running requests end within the deadline, then
    // calls `late`, which has to end what handlers still wait for, and closes all. Returns when
    // every thread has ended; false if the deadline cut something off.
    bool stop(std::int64_t deadline_ms, const std::function<void()>& late = {});
    ServerState state() const;

  private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace muster::http
