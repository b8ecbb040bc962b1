#include "warehouse/postgres/pool.h"

#include <algorithm>
#include <chrono>

namespace muster {

namespace {

constexpr auto kCancelPollInterval = std::chrono::milliseconds(50);

}  // namespace

PostgresPool::Lease::~Lease() {
    if (connection_) {
        connection_->watch(nullptr);
        pool_->give_back(std::move(connection_));
    }
}

void PostgresPool::give_back(std::unique_ptr<PgConnection> connection) {
    {
        const std::lock_guard lock(mutex_);
        if (connection->idle()) {
            idle_.push_back(std::move(connection));
        } else {
            --open_;
        }
    }
    returned_.notify_one();
    // A connection that does not go back is closed here, outside the lock.
}

Result<PostgresPool::Lease> PostgresPool::acquire(const CancelToken* cancel) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.wait_ms);
    std::unique_lock lock(mutex_);
    for (;;) {
        while (!idle_.empty()) {
            std::unique_ptr<PgConnection> connection = std::move(idle_.back());
            idle_.pop_back();
            if (!connection->closed_by_server()) {
                connection->watch(cancel);
                return Lease(*this, std::move(connection));
            }
            --open_;
        }
        if (open_ < options_.connections_max) {
            break;
        }
        const auto now = std::chrono::steady_clock::now();
        if (cancel != nullptr && cancel->cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped while waiting for a connection", "", ""};
        }
        if (now >= deadline) {
            return Error{ErrorCode::kBusy,
                         "all " + std::to_string(options_.connections_max) +
                             " connections to PostgreSQL are in use",
                         "try again later",
                         ""};
        }
        returned_.wait_until(lock, std::min(deadline, now + kCancelPollInterval));
    }
    ++open_;
    lock.unlock();
    auto opened = PgConnection::open(options_.connection, cancel);
    if (!opened.ok()) {
        lock.lock();
        --open_;
        lock.unlock();
        returned_.notify_one();
        return std::move(opened).error();
    }
    return Lease(*this, std::move(opened).value());
}

}  // namespace muster
