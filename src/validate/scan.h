// The validating scan: bytes in, decoded columns and rejects out (catalog.md, Record splitting).
// What comes out is a function of the bytes and the table alone: threads and block size change
// neither records, nor rejects, nor their order, lines or offsets. Knows no database.
//
// One Scan reads one object. Any number of threads call next_block() with a ScanBlock each; a block
// is complete when the call returns (records that straddle blocks are already resolved), and the
// RejectSink sees the blocks' rejects in order, one call at a time.
#pragma once

#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/limits.h"
#include "core/result.h"
#include "storage/object_store.h"
#include "validate/reject.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace muster {

// Text of a value: points into the block or the block's arena.
struct StringRef {
    const char* data = nullptr;
    std::uint32_t bytes = 0;
};

// One decoded column of a block, row by row. The used array follows the type: int32 and date
// std::int32_t; int64, timestamp and decimals of precision <= 18 std::int64_t; wider decimals
// Int128; double double; bool std::uint8_t; string StringRef. A NULL row's value is unspecified.
class ColumnData {
  public:
    ColumnType type;
    std::size_t width_bytes = 8;
    std::vector<std::byte> values;    // rows * width_bytes at least
    std::vector<std::uint8_t> valid;  // 1 = not NULL; one byte per row
    bool has_null = false;

    template <typename T>
    const T* as() const {
        return reinterpret_cast<const T*>(values.data());
    }
};

// The clean rows of one block, in the order of the file. Reused from call to call by one thread.
class ScanBlock {
  public:
    ScanBlock();
    ~ScanBlock();
    ScanBlock(ScanBlock&&) noexcept;
    ScanBlock& operator=(ScanBlock&&) noexcept;

    std::size_t rows = 0;
    std::vector<ColumnData> columns;     // as in the table
    std::vector<std::uint64_t> offsets;  // byte offset of each row's record
    // Only with ScanOptions::emit_decoded_rejects: rows that decoded but broke a rule are emitted
    // as well, with a 1 here, so that row checks can be evaluated on them.
    std::vector<std::uint8_t> refused;

    struct Workspace;  // buffers of the scan
    std::unique_ptr<Workspace> workspace;
};

// Receives the rejects of a scan in the order of the file. An error stops the scan.
using RejectSink = std::function<Result<void>(const RejectedRecord&)>;

struct ScanOptions {
    std::size_t block_bytes = kScanBlockBytes;  // tests go down to 1
    bool keep_rows = true;                      // false: validate only, blocks come back empty
    bool emit_decoded_rejects = false;
    const CancelToken* cancel = nullptr;
};

// A refused object: a file.* code and a message that names the place. A read error that may pass
// by itself (the store does not answer) is an Error of next_block instead.
struct ObjectProblem {
    RejectCode code;
    std::string message;
};

// What a finished scan knows about its object.
struct ScanCounts {
    std::uint64_t read = 0;      // records, counted by the splitter alone
    std::uint64_t rejected = 0;  // records; read - rejected rows were emitted clean
    std::uint64_t blank_lines = 0;
    std::uint64_t bytes = 0;         // of the decompressed text
    std::uint64_t object_bytes = 0;  // as stored
    bool header_found = false;
    // The clean rows' keys rise strictly in the order of the file (single integer, date, timestamp
    // or string keys; false whenever it is not known).
    bool keys_rising = false;
    std::optional<Value> first_key;  // of the clean rows; only while keys_rising
    std::optional<Value> last_key;
    std::string content_hash;  // 32 hex digits: XXH3-128 over the XXH3-128 of each 4 MiB block
    std::array<std::uint64_t, kRejectCodeCount> reasons_by_code{};
};

class Scan {
  public:
    // Opens the scan: looks at the first bytes (encoding, header). Compression is told by the
    // key's ending, .gz or .zst. The reader must outlive the scan.
    static Result<std::unique_ptr<Scan>> open(const Table& table,
                                              ObjectReader& reader,
                                              RejectSink sink,
                                              ScanOptions options);
    virtual ~Scan() = default;

    // Scans the next block. False: nothing is left (also after a problem of the object).
    // Thread-safe; each thread passes its own block, whose content lives until its next call.
    virtual Result<bool> next_block(ScanBlock& block) = 0;

    // Bytes of the object taken so far, for progress. Thread-safe.
    virtual std::uint64_t bytes_done() const = 0;
    virtual std::uint64_t rejected_so_far() const = 0;
    virtual std::uint64_t records_so_far() const = 0;

    // After the last block: why the object was refused as a whole, if it was.
    virtual const std::optional<ObjectProblem>& problem() const = 0;
    // After the last block, without a problem.
    virtual const ScanCounts& counts() const = 0;
};

// Drives a scan with `threads` threads of its own and throws the rows away (`muster validate`).
Result<void> run_scan(Scan& scan, std::size_t threads);

// Finds records again by their byte offsets (strictly rising), for rejects that are found after the
// scan. `found` is called in that order with line, offset, length, raw and raw_hash set. Returns
// the content hash, so that the caller can tell whether the object is still the same.
Result<std::string> locate_records(const Table& table,
                                   ObjectReader& reader,
                                   std::span<const std::uint64_t> offsets,
                                   const std::function<Result<void>(const RejectedRecord&)>& found);

// The content hash of an object alone.
Result<std::string> content_hash(ObjectReader& reader, std::size_t threads);

// Splits a raw record into its cleaned text fields (unquoted, trimmed), for repair files; nothing
// if it does not split.
std::optional<std::vector<std::string>> split_record(const Table& table, std::string_view record);

}  // namespace muster
