#include "validate/detail/block_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <span>
#include <utility>

namespace muster {
namespace {

class PlainSource final : public BlockSource {
  public:
    PlainSource(ObjectReader& reader, std::size_t block_bytes)
        : reader_(reader), object_bytes_(reader.info().bytes), block_bytes_(block_bytes) {}

    bool take(BlockBuffer& buffer, TakenBlock& block) override {
        const std::uint64_t blocks = (object_bytes_ + block_bytes_ - 1) / block_bytes_;
        block = {};
        block.ticket = next_.fetch_add(1, std::memory_order_relaxed);
        if (block.ticket >= blocks) {
            return false;
        }
        block.offset = block.ticket * block_bytes_;
        block.bytes = static_cast<std::size_t>(
            std::min<std::uint64_t>(block_bytes_, object_bytes_ - block.offset));
        block.last = block.ticket + 1 == blocks;
        buffer.resize(block_bytes_);
        // The byte before comes along, so that a CRLF over the border is seen.
        const std::size_t before = block.offset > 0 ? 1 : 0;
        auto good = read_stored(reader_,
                                block.offset - before,
                                std::span(buffer.data() - before, block.bytes + before),
                                block.problem);
        if (!good.ok()) {
            block.error = std::move(good).error();
            return true;
        }
        if (block.problem.has_value()) {
            return true;
        }
        block.previous = before > 0 ? buffer.data()[-1] : '\0';
        if (block_bytes_ == kScanBlockBytes) {
            block.stored_hash = hash_raw({buffer.data(), block.bytes});
        }
        stored_bytes_done_.fetch_add(block.bytes, std::memory_order_relaxed);
        return true;
    }

    std::uint64_t stored_bytes_done() const override {
        return stored_bytes_done_.load(std::memory_order_relaxed);
    }

    void hash_block(const TakenBlock& block, const char* data) override {
        if (block.stored_hash.has_value()) {
            hash_.add_block(*block.stored_hash);
        } else {
            hash_.update({data, block.bytes});
        }
    }

    std::string content_hash() override { return hash_.finish(); }

  private:
    ObjectReader& reader_;
    const std::uint64_t object_bytes_;
    const std::size_t block_bytes_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> stored_bytes_done_{0};
    ContentHash hash_;
};

class StreamSource final : public BlockSource {
  public:
    StreamSource(ObjectReader& reader, std::size_t block_bytes)
        : stream_(make_byte_stream(reader)), block_bytes_(block_bytes) {}

    bool take(BlockBuffer& buffer, TakenBlock& block) override {
        buffer.resize(block_bytes_);
        const std::lock_guard lock(mutex_);
        if (done_) {
            return false;
        }
        block = {};
        block.ticket = next_++;
        block.offset = offset_;
        block.previous = previous_;
        auto bytes = stream_->read(std::span(buffer.data(), block_bytes_));
        if (!bytes.ok()) {
            block.error = std::move(bytes).error();
            done_ = true;
            return true;
        }
        block.bytes = *bytes;
        block.problem = stream_->problem();
        block.last = block.bytes < block_bytes_;
        done_ = block.last || block.problem.has_value();
        offset_ += block.bytes;
        previous_ = block.bytes > 0 ? buffer.data()[block.bytes - 1] : previous_;
        stored_bytes_done_.store(stream_->stored_bytes(), std::memory_order_relaxed);
        return true;
    }

    std::uint64_t stored_bytes_done() const override {
        return stored_bytes_done_.load(std::memory_order_relaxed);
    }

    // The stream hashes what it reads.
    void hash_block(const TakenBlock& /*block*/, const char* /*data*/) override {}

    std::string content_hash() override {
        const std::lock_guard lock(mutex_);
        return stream_->content_hash();
    }

  private:
    std::unique_ptr<ByteStream> stream_;
    const std::size_t block_bytes_;
    std::mutex mutex_;
    std::uint64_t next_ = 0;
    std::uint64_t offset_ = 0;
    char previous_ = '\0';
    bool done_ = false;
    std::atomic<std::uint64_t> stored_bytes_done_{0};
};

}  // namespace

std::unique_ptr<BlockSource> make_block_source(ObjectReader& reader, std::size_t block_bytes) {
    if (is_compressed(reader)) {
        return std::make_unique<StreamSource>(reader, block_bytes);
    }
    return std::make_unique<PlainSource>(reader, block_bytes);
}

}  // namespace muster
