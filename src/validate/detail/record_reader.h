// Reads the records of an object one after the other, in bounded memory: for headers and for
// finding records again. Slower than the scan, with the same splitting.
#pragma once

#include "core/result.h"
#include "validate/detail/byte_stream.h"
#include "validate/detail/splitter.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

class RecordReader {
  public:
    struct Item {
        SplitStatus status = SplitStatus::kBlank;  // never kIncomplete or kOpenLine
        std::uint64_t line = 0;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        std::string_view raw;  // whole, or its first kRejectRawBytesMax bytes; until the next call
        RawHash hash;
        std::uint64_t next_offset = 0;
        std::uint64_t next_line = 0;
    };

    RecordReader(const SplitRules& rules, ByteStream& stream, std::size_t chunk_bytes);

    // Reads the first bytes and steps over a BOM. A problem if the object is empty or in another
    // encoding.
    Result<std::optional<ObjectProblem>> start(std::string_view name);

    // The next line or record; false at the end or after a problem of the stream. With `hashed`
    // the item's hash is set.
    Result<bool> next(Item& item, bool hashed);

    // Fields of the last item, positions in its raw.
    const std::vector<SplitField>& fields() const { return fields_; }
    std::uint64_t offset() const { return base_ + pos_; }

  private:
    Result<void> fill();
    void rebase_fields(const Split& split);
    Result<void> skip_long_line(Item& item);

    SplitRules rules_;
    ByteStream& stream_;
    std::size_t chunk_bytes_;
    std::string buffer_;
    std::size_t pos_ = 0;
    std::uint64_t base_ = 0;  // offset of buffer_[0]
    std::uint64_t line_ = 1;
    bool at_end_ = false;
    std::vector<SplitField> fields_;
    std::string long_raw_;
};

}  // namespace muster
