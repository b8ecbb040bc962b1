// The files of a saved table as the embedded engine reads and writes them: what Parquet and Avro
// files hold, and Parquet to Avro. All of it works on more than one core and stops with kCancelled
// when `cancel`, which may be null, is. Memory is bounded by the engine's limit and a few blocks.
//
// Files that are not what they should be are kVerification, whatever library noticed it; a file
// that cannot be read is kIo, kNotFound or kUnavailable, as its store says.
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_format.h"
#include "archive/content_checksum.h"
#include "core/cancel.h"
#include "core/limits.h"
#include "core/result.h"
#include "engine/engine.h"
#include "storage/object_store.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace muster {

// What the files hold together; each must have exactly the table's columns, in their order. No file
// at all is no row.
Result<FileContent> parquet_content(Engine& engine,
                                    const ArchiveTable& table,
                                    const std::vector<std::filesystem::path>& files,
                                    const CancelToken* cancel);

// The same of Avro files. The readers must live as long as the call.
Result<FileContent> avro_content(Engine& engine,
                                 const ArchiveTable& table,
                                 std::span<ObjectReader* const> readers,
                                 const CancelToken* cancel);

// Rows one at a time, a value per column of their table; false at the end. `row` is reused. Called
// on one thread at a time.
using RowSource = std::function<Result<bool>(std::vector<Value>& row)>;

// A field of a row for its checksum.
void add_value(RowHasher& hasher, const Value& value);

// Writes the rows as one Parquet file (zstd) in their order, and says what they hold. The file is
// neither durable nor renamed. The error is the source's if it had one.
Result<FileContent> write_parquet(Engine& engine,
                                  const ArchiveTable& table,
                                  const RowSource& next,
                                  const std::filesystem::path& file,
                                  const CancelToken* cancel);

struct AvroOptions {
    AvroCodec codec = AvroCodec::kDeflate;
    // The next file begins when one has so many bytes: a block more than this is its largest size.
    std::uint64_t file_bytes_max = kAvroFileBytesDefault;
};

struct AvroFileWritten {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
};

struct AvroFilesWritten {
    FileContent content;  // of the rows read from Parquet; each block was decoded again and agreed
    std::vector<AvroFileWritten> files;  // by index; at least one, which may hold no row
};

// "data-0000.avro".
std::string avro_file_name(std::size_t index);

// A new object for the file of this index. It is committed when the file is complete, before the
// next one is asked for.
using AvroFileFactory = std::function<Result<std::unique_ptr<ObjectWriter>>(std::size_t index)>;

// Reads the Parquet files once, as they are on disk, and writes their rows as Avro files. The order
// of the rows is not kept. `progress`, which may be empty, gets the rows encoded so far, now and
// then, on the calling thread. After an error the files that were complete are there, and it is the
// caller's to remove them.
Result<AvroFilesWritten> parquet_to_avro(Engine& engine,
                                         const ArchiveTable& table,
                                         const std::vector<std::filesystem::path>& files,
                                         const AvroOptions& options,
                                         const AvroFileFactory& create,
                                         const std::function<void(std::uint64_t rows)>& progress,
                                         const CancelToken* cancel);

}  // namespace muster
