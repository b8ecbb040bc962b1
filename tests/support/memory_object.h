// An object in memory, with faults on demand: it may shrink after it was opened, or fail to be
// read.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster {

class MemoryObject final : public ObjectReader {
  public:
    explicit MemoryObject(std::string content, std::string key = "object.csv")
        : content_(std::move(content)) {
        info_.key = ObjectKey(std::move(key));
        info_.bytes = content_.size();
    }

    // From now on only the first `bytes` are there.
    void shrink_to(std::uint64_t bytes) { bytes_there_ = bytes; }
    // Reads that touch bytes from `offset` on fail.
    void fail_from(std::uint64_t offset, ErrorCode code) {
        fail_offset_ = offset;
        fail_code_ = code;
    }

    const ObjectInfo& info() const override { return info_; }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
        if (fail_offset_.has_value() && offset + out.size() > *fail_offset_) {
            return Error{.code = fail_code_,
                         .message = "cannot read " + info_.key.str(),
                         .hint = "",
                         .detail = ""};
        }
        const std::string_view there = std::string_view(content_).substr(
            0, static_cast<std::size_t>(bytes_there_.value_or(content_.size())));
        const std::string_view rest =
            there.substr(std::min<std::size_t>(static_cast<std::size_t>(offset), there.size()));
        return rest.copy(out.data(), out.size());
    }

  private:
    std::string content_;
    ObjectInfo info_;
    std::optional<std::uint64_t> bytes_there_;
    std::optional<std::uint64_t> fail_offset_;
    ErrorCode fail_code_ = ErrorCode::kIo;
};

}  // namespace muster
