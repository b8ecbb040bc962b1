// A bounded set of connections to one PostgreSQL. Thread-safe.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace muster {

struct PostgresPoolOptions {
    PgOptions connection;
    std::size_t connections_max = 16;
    std::int64_t wait_ms = 5000;  // for a connection that others use
};

class PostgresPool {
  public:
    explicit PostgresPool(PostgresPoolOptions options) : options_(std::move(options)) {}
    // Requires: every lease is gone.
    ~PostgresPool() = default;
    PostgresPool(const PostgresPool&) = delete;
    PostgresPool& operator=(const PostgresPool&) = delete;

    // A connection for the time of its life. It goes back to the pool if it is idle; otherwise, in
    // a transaction or broken, it is closed.
    class Lease {
      public:
        Lease(PostgresPool& pool, std::unique_ptr<PgConnection> connection)
            : pool_(&pool), connection_(std::move(connection)) {}
        ~Lease();
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        PgConnection& operator*() { return *connection_; }
        PgConnection* operator->() { return connection_.get(); }

      private:
        PostgresPool* pool_;
        std::unique_ptr<PgConnection> connection_;
    };

    // An idle connection that still lives, or a new one; kBusy if all are in use for too long. The
    // token is watched while it is waited for and while the lease is used.
    Result<Lease> acquire(const CancelToken* cancel = nullptr);

    std::size_t connections_max() const { return options_.connections_max; }

  private:
    void give_back(std::unique_ptr<PgConnection> connection);

    const PostgresPoolOptions options_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<PgConnection>> idle_;
    std::size_t open_ = 0;  // idle, in use or being opened
};

}  // namespace muster
