// Hands out the blocks of an object with tickets in their order. Thread-safe. Plain objects are
// read by the threads themselves, side by side; compressed ones are decoded in order under a mutex.
#pragma once

#include "core/error.h"
#include "storage/object_store.h"
#include "validate/detail/byte_stream.h"
#include "validate/detail/hash.h"
#include "validate/detail/structural_index.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// One thread's buffer: the bytes of a block, the byte before them, and padding on both sides.
class BlockBuffer {
  public:
    static constexpr std::size_t kFrontBytes = 64;

    void resize(std::size_t block_bytes) {
        bytes_.resize(kFrontBytes + block_bytes + kPaddingBytes);
    }
    char* data() { return bytes_.data() + kFrontBytes; }

  private:
    std::vector<char> bytes_;
};

struct TakenBlock {
    std::uint64_t ticket = 0;
    std::uint64_t offset = 0;  // of the block's first byte in the text
    std::size_t bytes = 0;
    bool last = false;
    char previous = '\0';                // the byte before, NUL at the start
    std::optional<RawHash> stored_hash;  // if the block is a whole block of stored bytes
    std::optional<ObjectProblem> problem;
    std::optional<Error> error;
};

class BlockSource {
  public:
    virtual ~BlockSource() = default;
    // Fills the buffer with the next block. False: none is left. Whoever got a ticket must take its
    // turn with it, also with a problem or an error.
    virtual bool take(BlockBuffer& buffer, TakenBlock& block) = 0;
    virtual std::uint64_t stored_bytes_done() const = 0;
    // In the order of the tickets, under the turn: what the content hash needs of a block.
    virtual void hash_block(const TakenBlock& block, const char* data) = 0;
    // After the last block.
    virtual std::string content_hash() = 0;
};

std::unique_ptr<BlockSource> make_block_source(ObjectReader& reader, std::size_t block_bytes);

}  // namespace muster
