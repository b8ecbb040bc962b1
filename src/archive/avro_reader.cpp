#include "archive/avro_reader.h"

#include "archive/detail/avro_header.h"
#include "archive/detail/avro_long.h"
#include "core/limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace muster {

namespace {

// What is asked of the source at once: a request to an object store costs more than its bytes.
constexpr std::size_t kReadBytes = 4U << 20U;

}  // namespace

Error AvroReader::fault(std::string_view what) const {
    return Error{
        ErrorCode::kVerification,
        blocks_ == 0
            ? fmt::format("{}: {}", source_.name, what)
            : fmt::format("{}: block {} at byte {}: {}", source_.name, blocks_, offset_, what),
        "",
        ""};
}

// The next `bytes` bytes, or all that are left if they are fewer; valid until the next call.
Result<std::string_view> AvroReader::peek(std::size_t bytes) {
    const std::uint64_t left = source_.bytes - offset_;
    bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left));
    const std::size_t there = window_.size() - window_at_;
    if (there < bytes) {
        window_.drop_front(window_at_);
        window_at_ = 0;
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(std::max(bytes, kReadBytes), left));
        char* const to = window_.room(wanted - there);
        MUSTER_ASSIGN(const std::size_t got,
                      source_.read_at(offset_ + there, {to, wanted - there}));
        if (got != wanted - there) {
            return fault(fmt::format("the file is shorter than its {} bytes", source_.bytes));
        }
        window_.set_end(to + got);
    }
    return window_.view().substr(window_at_, bytes);
}

void AvroReader::use(std::size_t bytes) {
    window_at_ += bytes;
    offset_ += bytes;
}

Result<AvroReader> AvroReader::open(const ArchiveTable& table, AvroSource source) {
    MUSTER_ASSIGN(const std::string schema, avro_schema(table));
    AvroReader reader(std::move(source));
    MUSTER_ASSIGN(const std::string_view bytes, reader.peek(kAvroHeaderBytesMax));
    AvroHeader header;
    if (const std::string problem = read_avro_header(bytes, schema, header); !problem.empty()) {
        return reader.fault(problem);
    }
    reader.codec_ = header.codec;
    reader.sync_ = header.sync;
    reader.use(header.bytes);
    return reader;
}

Result<bool> AvroReader::next(AvroStoredBlock& block) {
    if (offset_ == source_.bytes) {
        return false;
    }
    ++blocks_;
    MUSTER_ASSIGN(const std::string_view counts, peek(2 * kAvroLongBytesMax));
    const char* const end = counts.data() + counts.size();
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    const char* at = read_avro_long(counts.data(), end, rows);
    at = at == nullptr ? nullptr : read_avro_long(at, end, bytes);
    if (at == nullptr) {
        return fault("the block is cut off, or other bytes follow the last one");
    }
    if (rows <= 0) {
        return fault(fmt::format("a block of {} rows", rows));
    }
    if (bytes <= 0 || bytes > static_cast<std::int64_t>(kAvroBlockBytesMax)) {
        return fault(
            fmt::format("a block of {} bytes, at most {} are allowed", bytes, kAvroBlockBytesMax));
    }
    const auto head_bytes = static_cast<std::size_t>(at - counts.data());
    const auto data_bytes = static_cast<std::size_t>(bytes);
    const std::size_t block_bytes = head_bytes + data_bytes + sync_.size();
    MUSTER_ASSIGN(const std::string_view whole, peek(block_bytes));
    if (whole.size() < block_bytes) {
        return fault("the file ends within the block");
    }
    if (std::memcmp(whole.data() + head_bytes + data_bytes, sync_.data(), sync_.size()) != 0) {
        return fault("the sync marker behind the block is not that of the file");
    }
    block.place = fmt::format("{}: block {} at byte {}", source_.name, blocks_, offset_);
    block.codec = codec_;
    block.rows = static_cast<std::uint64_t>(rows);
    block.data.assign(whole.substr(head_bytes, data_bytes));
    use(block_bytes);
    return true;
}

Result<FileContent> avro_file_content(const ArchiveTable& table, AvroSource source) {
    MUSTER_ASSIGN(AvroReader reader, AvroReader::open(table, std::move(source)));
    AvroStoredBlock block;
    AvroRows rows(table);
    FileContent content;
    for (;;) {
        MUSTER_ASSIGN(const bool more_blocks, reader.next(block));
        if (!more_blocks) {
            return content;
        }
        MUSTER_TRY(rows.open(block));
        for (;;) {
            MUSTER_ASSIGN(const bool more_rows, rows.next());
            if (!more_rows) {
                break;
            }
            content.checksum.add(rows.row_hash());
            ++content.rows;
        }
    }
}

}  // namespace muster
