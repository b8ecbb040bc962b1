// A physical line over the record limit, skipped as its bytes stream by: the first 32 KiB are kept,
// the rest is hashed and counted.
#pragma once

#include "core/limits.h"
#include "validate/detail/hash.h"
#include "validate/detail/splitter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

class LongLine {
  public:
    LongLine(std::uint64_t offset, std::uint64_t line) : offset_(offset), line_(line) {}

    // Takes the next bytes. True if the line ends there; `next` is then where the next line starts
    // in `bytes`.
    bool take(std::string_view bytes, bool at_end, std::size_t& next) {
        next = bytes.size();
        if (pending_cr_) {
            next = !bytes.empty() && bytes.front() == '\n' ? 1 : 0;
            return at_end || !bytes.empty();
        }
        const std::size_t end = find_line_end(bytes.data(), 0, bytes.size());
        keep(bytes.substr(0, end));
        if (end == bytes.size()) {
            return at_end;
        }
        if (bytes[end] == '\r' && end + 1 == bytes.size()) {
            pending_cr_ = true;
            return at_end;
        }
        const bool crlf = bytes[end] == '\r' && bytes[end + 1] == '\n';
        next = end + (crlf ? 2U : 1U);
        return true;
    }

    std::uint64_t offset() const { return offset_; }
    std::uint64_t line() const { return line_; }
    std::uint64_t length() const { return length_; }
    std::string_view raw() const { return raw_; }
    RawHash hash() const { return hash_.digest(); }

  private:
    void keep(std::string_view bytes) {
        raw_.append(bytes.substr(0, kRejectRawBytesMax - raw_.size()));
        hash_.update(bytes);
        length_ += bytes.size();
    }

    std::uint64_t offset_;
    std::uint64_t line_;
    std::uint64_t length_ = 0;
    std::string raw_;
    StreamHash hash_;
    bool pending_cr_ = false;
};

}  // namespace muster
