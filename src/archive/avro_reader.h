// Reads Avro files that muster wrote and trusts nothing in them: magic, metadata, schema, sync
// markers, counts, lengths, UTF-8 and the text of dates, timestamps and decimals are checked; every
// fault is an Error (kVerification) that names the file, the block and the place. Memory is bounded
// by the size of a block. What cannot be seen here, a changed value or a missing block, changes the
// content checksum or the number of rows.
//
// An AvroReader hands out blocks as they are stored, in order; an AvroRows decodes one block. So
// one reader under a lock can feed several threads. Neither is thread-safe.
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_format.h"
#include "archive/byte_buffer.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "types/type.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

// The bytes of one file, wherever they are.
struct AvroSource {
    std::string name;  // for messages
    std::uint64_t bytes = 0;
    // Fills `out` from `offset`; returns the bytes read, fewer only at the end of the file.
    std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> out)> read_at;
};

struct AvroStoredBlock {
    std::string place;  // "data-0000.avro: block 3", for messages
    AvroCodec codec = AvroCodec::kNull;
    std::uint64_t rows = 0;
    std::string data;
};

class AvroReader {
  public:
    // Reads the header. `table` is what the file must hold.
    static Result<AvroReader> open(const ArchiveTable& table, AvroSource source);

    // The next block into `block`, whose memory is used again; false at the end of the file.
    Result<bool> next(AvroStoredBlock& block);

    AvroCodec codec() const { return codec_; }

  private:
    explicit AvroReader(AvroSource source) : source_(std::move(source)) {}
    Result<std::string_view> peek(std::size_t bytes);
    void use(std::size_t bytes);
    Error fault(std::string_view what) const;

    AvroSource source_;
    AvroCodec codec_ = AvroCodec::kNull;
    AvroSync sync_{};
    std::uint64_t blocks_ = 0;
    std::uint64_t offset_ = 0;   // in the file, of the next byte to be used
    ByteBuffer window_;          // what was read of the file, up to its latest byte
    std::size_t window_at_ = 0;  // the next byte to be used, in the window
};

// A field of a row. Which member holds the value follows the column's type:
//   int32, int64 and, as days or microseconds since 1970-01-01 UTC, date and timestamp: integer;
//   bool: integer, 0 or 1; decimal: unscaled; double: real; string: text.
struct AvroField {
    bool null = false;
    std::int64_t integer = 0;
    Int128 unscaled = 0;
    double real = 0;
    std::string_view text;  // valid until the next open()
};

class AvroRows {
  public:
    explicit AvroRows(const ArchiveTable& table);

    // Takes the block's data and restores it; its rows follow. `block` may be used again.
    Result<void> open(const AvroStoredBlock& block);

    // The next row into fields(); false behind the last one. After an error there is no next row.
    Result<bool> next();
    // By column; valid until the next call.
    std::span<const AvroField> fields() const { return fields_; }
    // Of the current row.
    Uint128 row_hash();

    std::uint64_t rows_left() const { return rows_left_; }

  private:
    const char* read_field(const ArchiveColumn& column, const char* at, AvroField& field);
    const char* read_value(const ColumnType& type, const char* at, AvroField& field);
    const char* read_integer(const char* at, std::int64_t low, std::int64_t high, AvroField& field);
    const char* read_string(const char* at, std::string_view& text);
    const char* read_text(const ColumnType& type, const char* at, AvroField& field);
    const char* fail(std::string_view problem);
    Error fault(std::string_view column, std::string_view problem) const;

    ArchiveTable table_;
    std::vector<AvroField> fields_;  // by column
    RowHasher hasher_;
    std::string place_;
    ByteBuffer restored_;
    const char* at_ = nullptr;
    const char* end_ = nullptr;
    std::uint64_t rows_ = 0;
    std::uint64_t rows_left_ = 0;
    std::string_view problem_;
};

// Reads all of a file: what it holds.
Result<FileContent> avro_file_content(const ArchiveTable& table, AvroSource source);

}  // namespace muster
