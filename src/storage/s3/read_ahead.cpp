#include "storage/s3/detail/read_ahead.h"

#include <algorithm>
#include <cstring>

namespace muster {
namespace {

constexpr std::size_t kLastBytesKept = 64;

}  // namespace

FetchPool::~FetchPool() {
    std::deque<std::function<void()>> dropped;  // gives slots back, which needs the mutex
    {
        const std::lock_guard lock{mutex_};
        stop_ = true;
        dropped.swap(queue_);
    }
    dropped.clear();
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void FetchPool::submit(std::function<void()> work) {
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(work));
        if (threads_.size() < kFetchThreads) {
            threads_.emplace_back([this] { run(); });
        }
    }
    changed_.notify_one();
}

std::shared_ptr<void> FetchPool::take_slot() {
    const std::lock_guard lock{mutex_};
    if (slots_used_ == kFetchChunksMax) {
        return nullptr;
    }
    ++slots_used_;
    return {this, [](FetchPool* pool) {
                const std::lock_guard back{pool->mutex_};
                --pool->slots_used_;
            }};
}

void FetchPool::run() {
    for (;;) {
        std::function<void()> work;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
            if (stop_) {
                return;
            }
            work = std::move(queue_.front());
            queue_.pop_front();
        }
        work();
    }
}

// What a fetch needs; it may outlast the reader.
struct S3Reader::Fetcher {
    S3Client& client;
    std::string key;
    std::string etag;
    std::uint64_t object_bytes;

    Result<void> fetch(std::uint64_t offset, std::span<char> out) const {
        S3Call call{.operation = "GetObject", .method = "GET", .key = key, .prefix = {}};
        if (!etag.empty()) {
            call.headers.emplace_back("if-match", "\"" + etag + "\"");
        }
        call.into = out;
        call.range = S3Call::Range{offset, object_bytes};
        MUSTER_ASSIGN([[maybe_unused]] const auto answer, client.call(call));
        return {};
    }
};

struct S3Reader::Chunk {
    std::shared_ptr<void> slot;
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
    std::unique_ptr<char[]> data;

    std::mutex mutex;
    std::condition_variable done_changed;
    std::optional<Result<void>> done;
    bool wanted = true;

    void fetch(const Fetcher& fetcher) {
        {
            const std::lock_guard lock{mutex};
            if (!wanted) {
                return;
            }
        }
        auto result = fetcher.fetch(offset, {data.get(), bytes});
        {
            const std::lock_guard lock{mutex};
            done = std::move(result);
        }
        done_changed.notify_all();
    }

    // `waited` becomes true if it was not there yet.
    Result<void> wait(std::atomic<bool>& waited) {
        std::unique_lock lock{mutex};
        if (!done.has_value()) {
            waited.store(true, std::memory_order_relaxed);
            done_changed.wait(lock, [this] { return done.has_value(); });
        }
        return *done;
    }
};

S3Reader::S3Reader(S3Client& client, FetchPool& pool, std::string key, ObjectInfo info)
    : pool_(pool),
      info_(std::move(info)),
      fetcher_(
          std::make_shared<Fetcher>(Fetcher{client, std::move(key), info_.etag, info_.bytes})) {}

S3Reader::~S3Reader() {
    for (const auto& [number, chunk] : chunks_) {
        const std::lock_guard lock{chunk->mutex};
        chunk->wanted = false;
    }
}

std::uint64_t S3Reader::chunk_end(std::uint64_t chunk) const {
    return std::min<std::uint64_t>((chunk + 1) * kFetchChunkBytes, info_.bytes);
}

Result<std::size_t> S3Reader::read_at(std::uint64_t offset, std::span<char> out) {
    if (offset >= info_.bytes) {
        return std::size_t{0};
    }
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), info_.bytes - offset));
    if (info_.bytes <= kSmallObjectBytes) {
        MUSTER_TRY(read_small(offset, out.first(wanted)));
        return wanted;
    }
    for (std::size_t done = 0; done < wanted;) {
        const std::uint64_t chunk = (offset + done) / kFetchChunkBytes;
        const auto piece = static_cast<std::size_t>(
            std::min<std::uint64_t>(wanted - done, chunk_end(chunk) - offset - done));
        MUSTER_TRY(read_piece(chunk, offset + done, out.subspan(done, piece)));
        done += piece;
    }
    return wanted;
}

Result<void> S3Reader::read_small(std::uint64_t offset, std::span<char> out) {
    const std::lock_guard lock{mutex_};
    if (!small_) {
        std::string all(static_cast<std::size_t>(info_.bytes), '\0');
        MUSTER_TRY(fetcher_->fetch(0, all));
        small_ = std::move(all);
    }
    std::memcpy(out.data(), small_->data() + offset, out.size());
    return {};
}

// The scan asks for the byte before a block; the chunk that had it may be gone.
bool S3Reader::remembered(std::uint64_t chunk, std::uint64_t offset, std::span<char> out) {
    const std::lock_guard lock{mutex_};
    const auto found = last_bytes_.find(chunk);
    if (out.size() != 1 || offset + 1 != chunk_end(chunk) || found == last_bytes_.end()) {
        return false;
    }
    out[0] = found->second;
    return true;
}

S3Reader::ChunkRef S3Reader::find_chunk(std::uint64_t chunk) {
    const std::lock_guard lock{mutex_};
    const auto found = chunks_.find(chunk);
    return found == chunks_.end() ? nullptr : found->second;
}

Result<void> S3Reader::read_piece(std::uint64_t chunk, std::uint64_t offset, std::span<char> out) {
    if (remembered(chunk, offset, out)) {
        return {};
    }
    if (const ChunkRef ready = find_chunk(chunk)) {
        MUSTER_TRY(ready->wait(waited_));
        std::memcpy(out.data(), ready->data.get() + (offset - ready->offset), out.size());
    } else {
        MUSTER_TRY(fetcher_->fetch(offset, out));
    }
    // A single byte at the end is the scan's look back: the chunk's own reader may still come.
    if (out.size() > 1 || offset + 1 != chunk_end(chunk)) {
        note_read(chunk, offset, out);
    }
    return {};
}

void S3Reader::note_read(std::uint64_t chunk, std::uint64_t offset, std::span<const char> bytes) {
    const std::lock_guard lock{mutex_};
    const bool in_order = offset == next_offset_ || chunk == front_ + 1 ||
                          (chunk <= front_ && chunk + kFetchWindowChunks > front_);
    const bool first = offset == 0;
    if (first || !in_order) {
        chunks_.clear();
        last_bytes_.clear();
        front_ = chunk;
        fetched_to_ = chunk;
        window_ = 0;
    } else if (offset == next_offset_ || chunk > front_) {
        // A fetch that keeps up with its reader needs no more memory than it has.
        const bool slow = window_ == 0 || waited_.exchange(false, std::memory_order_relaxed);
        window_ = std::clamp<std::size_t>(slow ? window_ * 2 : window_, 1, kFetchWindowChunks);
        front_ = std::max(front_, chunk);
    }
    next_offset_ = std::max(offset + bytes.size(), first ? 0 : next_offset_);
    if (offset + bytes.size() == chunk_end(chunk)) {
        chunks_.erase(chunk);
        last_bytes_[chunk] = bytes.back();
        if (last_bytes_.size() > kLastBytesKept) {
            last_bytes_.erase(last_bytes_.begin());
        }
        fetch_ahead(chunk + 1);
    } else {
        fetch_ahead(chunk);
    }
}

// Asks for the chunks from `from` to the end of the window. Requires mutex_.
void S3Reader::fetch_ahead(std::uint64_t from) {
    const std::uint64_t end = std::min<std::uint64_t>(
        front_ + 1 + window_, (info_.bytes + kFetchChunkBytes - 1) / kFetchChunkBytes);
    for (std::uint64_t chunk = std::max(from, fetched_to_); window_ != 0 && chunk < end; ++chunk) {
        auto slot = pool_.take_slot();
        if (slot == nullptr) {
            return;
        }
        auto ahead = std::make_shared<Chunk>();
        ahead->slot = std::move(slot);
        ahead->offset = chunk * kFetchChunkBytes;
        ahead->bytes = static_cast<std::size_t>(chunk_end(chunk) - ahead->offset);
        ahead->data = std::make_unique_for_overwrite<char[]>(ahead->bytes);
        chunks_[chunk] = ahead;
        fetched_to_ = chunk + 1;
        pool_.submit([ahead, fetcher = fetcher_] { ahead->fetch(*fetcher); });
    }
}

}  // namespace muster
