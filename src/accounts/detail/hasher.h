// Password hashing with argon2id (19 MiB, 2 passes, 1 lane) on one thread: however many log in at
// once, the memory of one hash is taken and one core at most. Thread-safe; calls wait their turn.
#pragma once

#include "core/result.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace muster {

inline constexpr std::size_t kHashQueueMax = 16;

class Hasher {
  public:
    explicit Hasher(std::size_t queue_max = kHashQueueMax);
    // What waits is done first.
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    // Nothing if the queue is full; kUnavailable if there was no memory for it.
    Result<std::optional<std::string>> hash(const std::string& password);

    struct Verdict {
        bool right = false;
        bool outdated = false;  // the hash was made with other parameters
    };
    // An empty `encoded` stands for a user who does not exist: it takes as long, and is wrong.
    Result<std::optional<Verdict>> verify(const std::string& encoded, const std::string& password);

    // How many times argon2id was computed.
    std::uint64_t computed() const { return computed_.load(); }

  private:
    // False if the queue is full; else the work was done when it returns.
    bool run(const std::function<void()>& work);
    void serve();

    const std::size_t queue_max_;
    std::atomic<std::uint64_t> computed_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace muster
