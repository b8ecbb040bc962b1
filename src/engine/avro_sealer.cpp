#include "engine/detail/avro_sealer.h"

#include "core/check.h"

#include <algorithm>
#include <utility>

namespace muster {

AvroSealer::AvroSealer(ArchiveTable table,
                       AvroCodec codec,
                       const AvroSync& sync,
                       std::size_t threads)
    : table_(std::move(table)), codec_(codec), sync_(sync) {
    const std::size_t count = std::max<std::size_t>(threads, 1);
    threads_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

AvroSealer::~AvroSealer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        waiting_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void AvroSealer::push(AvroBlock block) {
    jobs_.push_back(std::make_unique<Job>(Job{std::move(block), std::nullopt}));
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(jobs_.back().get());
    }
    changed_.notify_all();
}

Result<SealedBlock> AvroSealer::pop() {
    MUSTER_CHECK(!jobs_.empty());
    const std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&job] { return job->sealed.has_value(); });
    }
    MUSTER_ASSIGN(std::string bytes, *std::move(job->sealed));
    return SealedBlock{std::move(bytes), job->block.content};
}

void AvroSealer::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
        if (stop_) {
            return;
        }
        Job& job = *waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        Result<std::string> sealed = avro_seal(table_, codec_, sync_, job.block);
        lock.lock();
        job.sealed.emplace(std::move(sealed));
        changed_.notify_all();
    }
}

}  // namespace muster
