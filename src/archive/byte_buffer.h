// Bytes that grow at the end, written in place: callers ask for room, write and say where they
// stopped. What lies behind size() is not cleared. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace muster {

class ByteBuffer {
  public:
    ByteBuffer() = default;
    ByteBuffer(ByteBuffer&& other) noexcept { *this = std::move(other); }
    ByteBuffer& operator=(ByteBuffer&& other) noexcept {
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    // At least `bytes` writable bytes behind the last one; valid until the next call.
    char* room(std::size_t bytes) {
        if (capacity_ - size_ < bytes) [[unlikely]] {
            grow(bytes);
        }
        return bytes_.get() + size_;
    }
    // `end` lies in what room() gave: everything before it belongs to the content now.
    void set_end(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

    void append(std::string_view bytes) {
        char* to = room(bytes.size());
        if (!bytes.empty()) {
            std::memcpy(to, bytes.data(), bytes.size());
        }
        size_ += bytes.size();
    }

    std::size_t size() const { return size_; }
    std::string_view view() const { return {bytes_.get(), size_}; }
    void clear() { size_ = 0; }
    // Requires: size <= size().
    void truncate(std::size_t size) { size_ = size; }
    // Requires: bytes <= size().
    void drop_front(std::size_t bytes);

  private:
    void grow(std::size_t bytes);

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace muster
