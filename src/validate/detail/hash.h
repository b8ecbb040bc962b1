// XXH3-128 in the forms the scan needs. Not thread-safe.
#pragma once

#include "core/limits.h"
#include "validate/reject.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace muster {

// A hash of bytes that come piece by piece.
class StreamHash {
  public:
    StreamHash();
    ~StreamHash();
    StreamHash(StreamHash&&) noexcept;
    StreamHash& operator=(StreamHash&&) noexcept;

    void reset();
    void update(std::string_view bytes);
    RawHash digest() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The content hash of an object: XXH3-128 over the canonical (big-endian) XXH3-128 of each 4 MiB
// block of its stored bytes.
class ContentHash {
  public:
    // The next stored bytes, in pieces of any size.
    void update(std::string_view bytes);
    // The hash of the next whole block (only the last may be short). Not to be mixed with update.
    void add_block(const RawHash& block_hash);
    std::string finish();  // 32 hex digits

  private:
    StreamHash outer_;
    StreamHash inner_;
    std::size_t inner_bytes_ = 0;
};

}  // namespace muster
