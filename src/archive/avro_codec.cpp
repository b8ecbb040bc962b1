#include "archive/avro_format.h"
#include "core/limits.h"

#include <fmt/core.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <snappy-c.h>

namespace muster {

namespace {

constexpr int kDeflateLevel = 1;  // a block larger by 5 % than at level 6, in a third of the time
constexpr int kRawWindowBits = -15;     // raw data: no header and no checksum of zlib
constexpr int kDeflateMemoryLevel = 8;  // the default
constexpr std::size_t kCrcBytes = 4;

Error bad_data(std::string text) {
    return Error{ErrorCode::kVerification, std::move(text), "", ""};
}

Error too_large() {
    return bad_data(fmt::format("the data of a block is larger than {} bytes", kAvroBlockBytesMax));
}

Bytef* zlib_bytes(const char* bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes)); }

std::array<char, kCrcBytes> crc_of(std::string_view bytes) {
    const uLong crc = crc32(0, zlib_bytes(bytes.data()), static_cast<uInt>(bytes.size()));
    std::array<char, kCrcBytes> text{};
    for (std::size_t i = 0; i < kCrcBytes; ++i) {
        text[i] = static_cast<char>(crc >> (24 - 8 * i) & 0xFFU);
    }
    return text;
}

Result<std::string> deflated(std::string_view raw) {
    z_stream stream{};
    if (deflateInit2(&stream,
                     kDeflateLevel,
                     Z_DEFLATED,
                     kRawWindowBits,
                     kDeflateMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return Error{ErrorCode::kInternal, "zlib cannot begin to deflate", "", ""};
    }
    std::string stored(deflateBound(&stream, static_cast<uLong>(raw.size())), '\0');
    stream.next_in = zlib_bytes(raw.data());
    stream.avail_in = static_cast<uInt>(raw.size());
    stream.next_out = zlib_bytes(stored.data());
    stream.avail_out = static_cast<uInt>(stored.size());
    const int status = deflate(&stream, Z_FINISH);
    stored.resize(stored.size() - stream.avail_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) {
        return Error{ErrorCode::kInternal, "zlib cannot deflate a block", "", ""};
    }
    return stored;
}

Result<void> inflated(std::string_view stored, ByteBuffer& restored) {
    z_stream stream{};
    if (inflateInit2(&stream, kRawWindowBits) != Z_OK) {
        return Error{ErrorCode::kInternal, "zlib cannot begin to inflate", "", ""};
    }
    constexpr std::size_t kRoom = kAvroBlockBytesMax + 1;
    char* const to = restored.room(kRoom);
    stream.next_in = zlib_bytes(stored.data());
    stream.avail_in = static_cast<uInt>(stored.size());
    stream.next_out = zlib_bytes(to);
    stream.avail_out = static_cast<uInt>(kRoom);
    const int status = inflate(&stream, Z_FINISH);
    const std::size_t bytes = kRoom - stream.avail_out;
    const std::size_t unused = stream.avail_in;
    inflateEnd(&stream);
    if (bytes > kAvroBlockBytesMax) {
        return too_large();
    }
    if (status != Z_STREAM_END) {
        return bad_data("the deflated data is damaged or cut off");
    }
    if (unused != 0) {
        return bad_data(fmt::format("{} bytes follow the deflated data", unused));
    }
    restored.set_end(to + bytes);
    return {};
}

Result<std::string> snapped(std::string_view raw) {
    std::size_t bytes = snappy_max_compressed_length(raw.size());
    std::string stored(bytes, '\0');
    if (snappy_compress(raw.data(), raw.size(), stored.data(), &bytes) != SNAPPY_OK) {
        return Error{ErrorCode::kInternal, "snappy cannot compress a block", "", ""};
    }
    stored.resize(bytes);
    const auto crc = crc_of(raw);
    return stored.append(crc.data(), crc.size());
}

Result<void> unsnapped(std::string_view stored, ByteBuffer& restored) {
    if (stored.size() < kCrcBytes) {
        return bad_data("the snappy data is too short for its CRC");
    }
    const std::string_view data = stored.substr(0, stored.size() - kCrcBytes);
    std::size_t bytes = 0;
    if (snappy_uncompressed_length(data.data(), data.size(), &bytes) != SNAPPY_OK) {
        return bad_data("the snappy data is damaged");
    }
    if (bytes > kAvroBlockBytesMax) {
        return too_large();
    }
    char* const to = restored.room(bytes);
    if (snappy_uncompress(data.data(), data.size(), to, &bytes) != SNAPPY_OK) {
        return bad_data("the snappy data is damaged");
    }
    restored.set_end(to + bytes);
    const auto crc = crc_of(restored.view());
    if (std::memcmp(crc.data(), stored.data() + data.size(), kCrcBytes) != 0) {
        return bad_data("the snappy data does not have its CRC");
    }
    return {};
}

}  // namespace

Result<std::string> avro_compress(AvroCodec codec, std::string_view raw) {
    switch (codec) {
        case AvroCodec::kNull:
            return std::string(raw);
        case AvroCodec::kDeflate:
            return deflated(raw);
        case AvroCodec::kSnappy:
            return snapped(raw);
    }
    return std::string(raw);
}

Result<void> avro_decompress(AvroCodec codec, std::string_view stored, ByteBuffer& restored) {
    restored.clear();
    if (stored.size() > kAvroBlockBytesMax) {
        return too_large();
    }
    switch (codec) {
        case AvroCodec::kNull:
            restored.append(stored);
            return {};
        case AvroCodec::kDeflate:
            return inflated(stored, restored);
        case AvroCodec::kSnappy:
            return unsnapped(stored, restored);
    }
    return {};
}

}  // namespace muster
