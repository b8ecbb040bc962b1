// Seals the blocks of Avro files on threads of its own and hands them back in the order they came.
// push() and pop() belong to one thread.
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_writer.h"
#include "core/result.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace muster {

struct SealedBlock {
    std::string bytes;
    FileContent content;
};

class AvroSealer {
  public:
    AvroSealer(ArchiveTable table, AvroCodec codec, const AvroSync& sync, std::size_t threads);
    // Blocks that were not taken are dropped.
    ~AvroSealer();
    AvroSealer(const AvroSealer&) = delete;
    AvroSealer& operator=(const AvroSealer&) = delete;

    void push(AvroBlock block);
    std::size_t pending() const { return jobs_.size(); }
    // The oldest pending block; waits for it. Requires: pending() > 0.
    Result<SealedBlock> pop();

  private:
    struct Job {
        AvroBlock block;
        std::optional<Result<std::string>> sealed;
    };
    void work();

    const ArchiveTable table_;
    const AvroCodec codec_;
    const AvroSync sync_;
    std::deque<std::unique_ptr<Job>> jobs_;  // pending, the oldest first

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job*> waiting_;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace muster
