#include "api/http/detail/workers.h"

namespace muster::http {

Workers::Workers(std::size_t threads, std::size_t queue_max) : queue_max_(queue_max) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
    }
}

void Workers::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

void Workers::clear() {
    const std::lock_guard lock{mutex_};
    queue_.clear();
}

bool Workers::submit(std::function<void()> work) {
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || queue_.size() >= queue_max_) {
            return false;
        }
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    return true;
}

std::size_t Workers::queued() const {
    const std::lock_guard lock{mutex_};
    return queue_.size();
}

std::size_t Workers::running() const {
    const std::lock_guard lock{mutex_};
    return running_;
}

void Workers::run() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) {
            return;
        }
        std::function<void()> work = std::move(queue_.front());
        queue_.pop_front();
        ++running_;
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
        --running_;
    }
}

}  // namespace muster::http
