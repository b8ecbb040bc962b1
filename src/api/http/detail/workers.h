// The bounded pool of workers behind the I/O thread. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace muster::http {

class Workers {
  public:
    Workers(std::size_t threads, std::size_t queue_max);
    ~Workers() { stop(); }

    // False if the queue is full.
    bool submit(std::function<void()> work);
    // What runs is waited for; what is queued stays, until clear().
    void stop();
    void clear();
    std::size_t queued() const;
    std::size_t running() const;

  private:
    void run();

    const std::size_t queue_max_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace muster::http
