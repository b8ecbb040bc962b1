#include "archive/byte_buffer.h"

#include "core/check.h"

#include <algorithm>

namespace muster {

namespace {

constexpr std::size_t kCapacityMin = 4096;

}  // namespace

void ByteBuffer::grow(std::size_t bytes) {
    const std::size_t capacity = std::max({size_ + bytes, capacity_ * 2, kCapacityMin});
    // Not cleared: only the pages that are written become resident.
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (size_ != 0) {
        std::memcpy(larger.get(), bytes_.get(), size_);
    }
    bytes_ = std::move(larger);
    capacity_ = capacity;
}

void ByteBuffer::drop_front(std::size_t bytes) {
    MUSTER_CHECK(bytes <= size_);
    if (bytes != 0 && bytes != size_) {
        std::memmove(bytes_.get(), bytes_.get() + bytes, size_ - bytes);
    }
    size_ -= bytes;
}

}  // namespace muster
