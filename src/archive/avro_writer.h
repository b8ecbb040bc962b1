// Writes Avro files row by row. A builder collects rows in a block; a full block is sealed: stored
// as the codec says and decoded again, so that the encoder proves itself; sealed blocks follow the
// header in any order. avro_seal may be called from several threads, so that blocks are compressed
// side by side; an AvroBlockBuilder and an AvroWriter belong to one thread.
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_format.h"
#include "archive/byte_buffer.h"
#include "archive/content_checksum.h"
#include "archive/detail/avro_long.h"
#include "core/check.h"
#include "core/limits.h"
#include "core/result.h"
#include "types/type.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Rows as Avro's binary encoding, not compressed, and what they must read back as.
struct AvroBlock {
    ByteBuffer bytes;
    FileContent content;
};

class AvroBlockBuilder {
  public:
    explicit AvroBlockBuilder(const ArchiveTable& table);

    // The fields of a row in the order of the columns, each of the column's type.
    // Requires: the column is nullable.
    void add_null() {
        MUSTER_CHECK(nullable_[column_] != 0);
        ++column_;
        char* to = block_.bytes.room(1);
        *to = kNullBranch;
        block_.bytes.set_end(to + 1);
    }
    // int32 and int64 columns.
    void add_int64(std::int64_t value) {
        block_.bytes.set_end(put_avro_long(open_value(kAvroLongBytesMax), value));
    }
    void add_double(double value) {
        char* to = open_value(sizeof value);
        std::memcpy(to, &value, sizeof value);
        block_.bytes.set_end(to + sizeof value);
    }
    void add_bool(bool value) {
        char* to = open_value(1);
        *to++ = value ? 1 : 0;
        block_.bytes.set_end(to);
    }
    void add_string(std::string_view text) {
        char* to = open_value(kAvroLongBytesMax + text.size());
        to = put_avro_long(to, static_cast<std::int64_t>(text.size()));
        if (!text.empty()) {
            std::memcpy(to, text.data(), text.size());
        }
        block_.bytes.set_end(to + text.size());
    }
    void add_decimal(Int128 unscaled);
    void add_date(std::int64_t days);
    void add_timestamp(std::int64_t timestamp_us);

    // Ends the row, whose hash is that of its source. Requires: not full(). kConflict if the row
    // alone is larger than a block may be; kVerification if a date or a timestamp is not of the
    // years 1 to 9999. After an error the builder is of no use.
    Result<void> end_row(Uint128 row_hash) {
        MUSTER_CHECK(column_ == nullable_.size());
        column_ = 0;
        if (block_.bytes.size() > kRawBytesMax || out_of_range_) [[unlikely]] {
            return end_large_row(row_hash);
        }
        row_start_ = block_.bytes.size();
        block_.content.checksum.add(row_hash);
        ++block_.content.rows;
        return {};
    }

    // Whether take() is due.
    bool full() const { return carried_ || block_.bytes.size() >= kAvroBlockBytesTarget; }
    bool empty() const { return block_.bytes.size() == 0; }
    // The rows so far. A last row that did not fit is left and begins the next block.
    AvroBlock take();

    // Before compression, which may add a little.
    static constexpr std::size_t kRawBytesMax = kAvroBlockBytesMax - (64U << 10U);

  private:
    static constexpr char kNullBranch = 0;  // 0 and 1 as zig-zag longs
    static constexpr char kValueBranch = 2;

    // Room for a value, behind the branch of the union if there is one.
    char* open_value(std::size_t bytes) {
        char* to = block_.bytes.room(1 + bytes);
        if (nullable_[column_++] != 0) {
            *to++ = kValueBranch;
        }
        return to;
    }
    void end_text(char* head, const char* end);
    Result<void> end_large_row(Uint128 row_hash);

    std::string table_;
    std::vector<std::uint8_t> nullable_;  // by column
    std::vector<int> scales_;             // by column
    AvroBlock block_;
    std::size_t column_ = 0;
    std::size_t row_start_ = 0;
    bool out_of_range_ = false;
    bool carried_ = false;  // the last row belongs to the next block
    Uint128 carried_hash_ = 0;
};

// The block as it stands in a file: counts, stored data, sync marker. The stored data was decoded
// again: kInternal if that does not give the rows of block.content, kConflict if it is larger than
// a block may be. Thread-safe.
Result<std::string> avro_seal(const ArchiveTable& table,
                              AvroCodec codec,
                              const AvroSync& sync,
                              const AvroBlock& block);

// Takes the bytes of a file in order. An error ends the writing and is handed on.
using AvroSink = std::function<Result<void>(std::string_view bytes)>;

// One file on one thread: header, blocks, end.
class AvroWriter {
  public:
    // Writes the header.
    static Result<AvroWriter> open(const ArchiveTable& table,
                                   AvroCodec codec,
                                   const AvroSync& sync,
                                   AvroSink sink);

    // Where the fields of the next row go; the row is ended by end_row of the writer.
    AvroBlockBuilder& row() { return builder_; }
    Result<void> end_row(Uint128 row_hash) {
        MUSTER_TRY(builder_.end_row(row_hash));
        return builder_.full() ? write_block() : Result<void>();
    }
    // Writes what is left; returns what the file holds. No row may follow.
    Result<FileContent> finish();

  private:
    AvroWriter(const ArchiveTable& table, AvroCodec codec, const AvroSync& sync, AvroSink sink);
    Result<void> write_block();

    ArchiveTable table_;
    AvroCodec codec_;
    AvroSync sync_;
    AvroSink sink_;
    AvroBlockBuilder builder_;
    FileContent content_;
};

}  // namespace muster
