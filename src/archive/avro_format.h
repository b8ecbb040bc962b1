// Avro object container files (Avro 1.11, "Object Container Files") as Redshift's COPY loads them:
// a record at the top, lower-case names, ["null", T] for what may be NULL, blocks below 4 MB and a
// header below 1 MB.
//   int32 -> int      bool -> boolean    date      -> string 2021-11-07
//   int64 -> long     string -> string   timestamp -> string 2021-11-07 02:48:42[.123456], UTC
//   double -> double                     decimal   -> string with exactly `scale` decimals
// Dates, timestamps and decimals are text because COPY does not interpret logical types; each
// field's `doc` is the column's type. Pure functions.
#pragma once

#include "archive/archive_table.h"
#include "archive/byte_buffer.h"
#include "core/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

enum class AvroCodec : std::uint8_t {
    kNull,
    kDeflate,  // raw RFC 1951, level 1
    kSnappy,   // raw snappy and the CRC-32 of the data, big-endian
};

// "null", "deflate", "snappy".
std::string_view avro_codec_name(AvroCodec codec);
// kUsage for any other name.
Result<AvroCodec> parse_avro_codec(std::string_view name);

// Stands in the header and behind each block, so that a reader finds them.
using AvroSync = std::array<char, 16>;
// Random, as the format asks for. Thread-safe.
AvroSync new_avro_sync();

// The schema as JSON. kUsage if a name is not of Avro's form or not in lower case, if a name is
// twice or if there is no column.
Result<std::string> avro_schema(const ArchiveTable& table);

// Magic, metadata and sync marker: all that stands before the first block. kConflict if it is
// larger than kAvroHeaderBytesMax.
Result<std::string> avro_header(const ArchiveTable& table, AvroCodec codec, const AvroSync& sync);

// The data of a block as it is stored, and back. `restored` is replaced; what is no such data, or
// larger than kAvroBlockBytesMax, is kVerification.
Result<std::string> avro_compress(AvroCodec codec, std::string_view raw);
Result<void> avro_decompress(AvroCodec codec, std::string_view stored, ByteBuffer& restored);

}  // namespace muster
