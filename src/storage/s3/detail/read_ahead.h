// The bytes of one object from S3, fetched ahead of a reader that goes through them in order. The
// memory of all readers of a store has one bound; a reader that finds none free fetches just what
// it was asked for.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "storage/s3/detail/s3_client.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace muster {

inline constexpr std::size_t kFetchChunkBytes = 4U << 20;
inline constexpr std::size_t kFetchThreads = 8;
inline constexpr std::size_t kFetchChunksMax = 12;    // of a store
inline constexpr std::size_t kFetchWindowChunks = 8;  // of a reader
inline constexpr std::size_t kSmallObjectBytes = 256U << 10;

// Threads that fetch, started when first used. Thread-safe.
class FetchPool {
  public:
    FetchPool() = default;
    // Waits for what is being fetched; what waits is dropped.
    ~FetchPool();
    FetchPool(const FetchPool&) = delete;
    FetchPool& operator=(const FetchPool&) = delete;

    void submit(std::function<void()> work);
    // Null if as many are alive as may be. It is given back by its end.
    std::shared_ptr<void> take_slot();

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::thread> threads_;
    bool stop_ = false;
    std::size_t slots_used_ = 0;
};

class S3Reader final : public ObjectReader {
  public:
    // `key` is that in the bucket, info.key that in the store. client must outlive this.
    S3Reader(S3Client& client, FetchPool& pool, std::string key, ObjectInfo info);
    ~S3Reader() override;
    S3Reader(const S3Reader&) = delete;
    S3Reader& operator=(const S3Reader&) = delete;

    const ObjectInfo& info() const override { return info_; }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override;

  private:
    struct Chunk;
    struct Fetcher;
    using ChunkRef = std::shared_ptr<Chunk>;

    Result<void> read_piece(std::uint64_t chunk, std::uint64_t offset, std::span<char> out);
    Result<void> read_small(std::uint64_t offset, std::span<char> out);
    bool remembered(std::uint64_t chunk, std::uint64_t offset, std::span<char> out);
    ChunkRef find_chunk(std::uint64_t chunk);
    void note_read(std::uint64_t chunk, std::uint64_t offset, std::span<const char> bytes);
    void fetch_ahead(std::uint64_t from);
    std::uint64_t chunk_end(std::uint64_t chunk) const;

    FetchPool& pool_;
    const ObjectInfo info_;
    std::shared_ptr<Fetcher> fetcher_;

    std::atomic<bool> waited_{false};  // since window_ was looked at
    std::mutex mutex_;
    std::map<std::uint64_t, ChunkRef> chunks_;  // fetched or being fetched
    std::map<std::uint64_t, char> last_bytes_;  // of chunks that were read to their end
    std::uint64_t front_ = 0;                   // the furthest chunk read
    std::uint64_t next_offset_ = 0;             // where a reader in order goes on
    std::uint64_t fetched_to_ = 0;              // chunks before this one were asked for
    std::size_t window_ = 0;                    // chunks to be ahead; 0: not in order
    std::optional<std::string> small_;          // a small object as a whole
};

}  // namespace muster
