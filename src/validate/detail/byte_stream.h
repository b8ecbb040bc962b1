// The text of an object, read once from front to back: plain, gzip or zstd by the key's ending.
// Hashes the stored bytes on the way. Not thread-safe.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "validate/detail/hash.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Fills `out` from `offset`. False with `problem` set if the object cannot be read or ends early
// (it shrank); an Error only for what may pass by itself.
Result<bool> read_stored(ObjectReader& reader,
                         std::uint64_t offset,
                         std::span<char> out,
                         std::optional<ObjectProblem>& problem);

bool is_compressed(ObjectReader& reader);

class ByteStream {
  public:
    virtual ~ByteStream() = default;
    // Fills `out`; fewer bytes only at the end or after a problem.
    virtual Result<std::size_t> read(std::span<char> out) = 0;
    // Why the object cannot be read further.
    virtual const std::optional<ObjectProblem>& problem() const = 0;
    // Stored bytes taken so far.
    virtual std::uint64_t stored_bytes() const = 0;
    // Of the whole object. Requires: read() came to the end without a problem.
    virtual std::string content_hash() = 0;
};

std::unique_ptr<ByteStream> make_byte_stream(ObjectReader& reader);

}  // namespace muster
