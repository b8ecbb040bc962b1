#include "archive/avro_writer.h"

#include "archive/avro_reader.h"
#include "archive/detail/avro_text.h"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace muster {

namespace {

constexpr std::string_view kParquetOnly = "save this table as Parquet only";

// The rows that the stored data reads back as.
Result<FileContent> content_of(const ArchiveTable& table, const AvroStoredBlock& stored) {
    AvroRows rows(table);
    MUSTER_TRY(rows.open(stored));
    FileContent content;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return content;
        }
        content.checksum.add(rows.row_hash());
        ++content.rows;
    }
}

Result<void> prove(const ArchiveTable& table,
                   const AvroStoredBlock& stored,
                   const FileContent& expected) {
    const auto content = content_of(table, stored);
    if (content.ok() && *content == expected) {
        return {};
    }
    return Error{
        ErrorCode::kInternal,
        fmt::format("a block of table {} was encoded wrongly: it does not read back as the "
                    "rows that went in",
                    table.name),
        "",
        content.ok() ? "the content checksums differ" : content.error().message};
}

}  // namespace

AvroBlockBuilder::AvroBlockBuilder(const ArchiveTable& table) : table_(table.name) {
    for (const ArchiveColumn& column : table.columns) {
        nullable_.push_back(column.nullable ? 1 : 0);
        scales_.push_back(column.type.scale);
    }
}

// A text of less than 64 bytes has a length of one byte, which is filled in afterwards.
void AvroBlockBuilder::end_text(char* head, const char* end) {
    if (end == nullptr) {
        out_of_range_ = true;
        end = head + 1;
    }
    put_avro_long(head, end - head - 1);
    block_.bytes.set_end(end);
}

void AvroBlockBuilder::add_decimal(Int128 unscaled) {
    const int scale = scales_[column_];
    char* head = open_value(1 + kDecimalTextBytesMax);
    end_text(head, put_decimal_text(head + 1, unscaled, scale));
}

void AvroBlockBuilder::add_date(std::int64_t days) {
    char* head = open_value(1 + kDateTextBytes);
    end_text(head, put_date_text(head + 1, days));
}

void AvroBlockBuilder::add_timestamp(std::int64_t timestamp_us) {
    char* head = open_value(1 + kTimestampTextBytesMax);
    end_text(head, put_timestamp_text(head + 1, timestamp_us));
}

Result<void> AvroBlockBuilder::end_large_row(Uint128 row_hash) {
    MUSTER_CHECK(!carried_);
    if (out_of_range_) {
        return Error{
            ErrorCode::kVerification,
            fmt::format("table {} has a date or a timestamp outside of the years 1 to 9999",
                        table_),
            "",
            ""};
    }
    const std::size_t row_bytes = block_.bytes.size() - row_start_;
    if (row_bytes > kRawBytesMax) {
        return Error{ErrorCode::kConflict,
                     fmt::format("a row of table {} takes {} bytes as Avro, at most {} are allowed",
                                 table_,
                                 row_bytes,
                                 kRawBytesMax),
                     std::string(kParquetOnly),
                     ""};
    }
    carried_ = true;
    carried_hash_ = row_hash;
    return {};
}

AvroBlock AvroBlockBuilder::take() {
    MUSTER_CHECK(column_ == 0);
    AvroBlock block = std::exchange(block_, AvroBlock{});
    if (carried_) {
        carried_ = false;
        block_.bytes.append(block.bytes.view().substr(row_start_));
        block_.content.checksum.add(carried_hash_);
        block_.content.rows = 1;
        block.bytes.truncate(row_start_);
    }
    row_start_ = block_.bytes.size();
    return block;
}

Result<std::string> avro_seal(const ArchiveTable& table,
                              AvroCodec codec,
                              const AvroSync& sync,
                              const AvroBlock& block) {
    AvroStoredBlock stored;
    stored.place = table.name;
    stored.codec = codec;
    stored.rows = block.content.rows;
    MUSTER_ASSIGN(stored.data, avro_compress(codec, block.bytes.view()));
    if (stored.data.size() > kAvroBlockBytesMax) {
        return Error{ErrorCode::kConflict,
                     fmt::format("a block of table {} takes {} bytes as Avro, at most {} are "
                                 "allowed",
                                 table.name,
                                 stored.data.size(),
                                 kAvroBlockBytesMax),
                     std::string(kParquetOnly),
                     ""};
    }
    MUSTER_TRY(prove(table, stored, block.content));
    std::array<char, 2 * kAvroLongBytesMax> counts{};
    char* end = put_avro_long(counts.data(), static_cast<std::int64_t>(stored.rows));
    end = put_avro_long(end, static_cast<std::int64_t>(stored.data.size()));
    std::string sealed;
    sealed.reserve(counts.size() + stored.data.size() + sync.size());
    sealed.append(counts.data(), static_cast<std::size_t>(end - counts.data()));
    sealed += stored.data;
    sealed.append(sync.data(), sync.size());
    return sealed;
}

AvroWriter::AvroWriter(const ArchiveTable& table,
                       AvroCodec codec,
                       const AvroSync& sync,
                       AvroSink sink)
    : table_(table), codec_(codec), sync_(sync), sink_(std::move(sink)), builder_(table) {}

Result<AvroWriter> AvroWriter::open(const ArchiveTable& table,
                                    AvroCodec codec,
                                    const AvroSync& sync,
                                    AvroSink sink) {
    MUSTER_ASSIGN(const std::string header, avro_header(table, codec, sync));
    AvroWriter writer(table, codec, sync, std::move(sink));
    MUSTER_TRY(writer.sink_(header));
    return writer;
}

Result<void> AvroWriter::write_block() {
    const AvroBlock block = builder_.take();
    MUSTER_ASSIGN(const std::string sealed, avro_seal(table_, codec_, sync_, block));
    content_.checksum.add(block.content.checksum);
    content_.rows += block.content.rows;
    return sink_(sealed);
}

Result<FileContent> AvroWriter::finish() {
    while (!builder_.empty()) {
        MUSTER_TRY(write_block());
    }
    return content_;
}

}  // namespace muster
