// The columns of DuckDB's chunks as an archive sees them: cells that can be hashed and encoded. The
// views are valid as long as their chunk; nothing here is thread-safe.
#pragma once

#include "archive/archive_table.h"
#include "archive/byte_buffer.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

// What a cell is and how it is stored.
enum class CellKind : std::uint8_t {
    kNone,  // a type that no table of a catalog has
    kBool,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kUint8,
    kUint16,
    kUint32,
    kDate,       // 32 bits
    kTimestamp,  // 64 bits, microseconds
    kDecimal16,
    kDecimal32,
    kDecimal64,
    kDecimal128,
    kDouble,
    kString,
};

struct ChunkColumn {
    CellKind kind = CellKind::kNone;
    const void* data = nullptr;
    const std::uint64_t* validity = nullptr;  // null: no cell is NULL

    bool null_at(std::size_t row) const {
        return validity != nullptr && (validity[row / 64] >> (row % 64) & 1U) == 0;
    }
    template <typename T>
    const T& cell(std::size_t row) const {
        return static_cast<const T*>(data)[row];
    }
};

// The vector must be flat, as those of functions and fetched chunks are.
ChunkColumn chunk_column(duckdb_vector vector);

// duckdb_string_t_data and duckdb_string_t_length, inlined.
inline std::string_view string_cell(const duckdb_string_t& cell) {
    const std::uint32_t bytes = cell.value.inlined.length;
    constexpr std::uint32_t kInlinedBytesMax = sizeof cell.value.inlined.inlined;
    return {bytes <= kInlinedBytesMax ? cell.value.inlined.inlined : cell.value.pointer.ptr, bytes};
}

inline Int128 decimal_cell(const duckdb_hugeint& cell) {
    return static_cast<Int128>(static_cast<Uint128>(static_cast<std::uint64_t>(cell.upper)) << 64U |
                               cell.lower);
}

// Hashes the rows of chunks as docs/content-checksum.md says, a column at a time.
class ChunkHasher {
  public:
    // The hashes of the first `rows` rows into `hashes`. Requires: no column is kNone.
    void hash(std::span<const ChunkColumn> columns, std::size_t rows, Uint128* hashes);

  private:
    // So many rows at once that their canonical bytes stay in the nearest cache.
    static constexpr std::size_t kGroupRows = 256;

    ByteBuffer bytes_;
    std::array<std::size_t, kGroupRows> sizes_{};
    std::array<char*, kGroupRows> ends_{};
};

// A chunk of a streaming result.
class ResultChunk {
  public:
    ResultChunk() = default;
    ~ResultChunk() { drop(); }
    ResultChunk(const ResultChunk&) = delete;
    ResultChunk& operator=(const ResultChunk&) = delete;

    // The next chunk of the result; false at its end.
    Result<bool> fetch(QueryResult& result);

    std::size_t rows() const { return rows_; }
    const std::vector<ChunkColumn>& columns() const { return columns_; }

  private:
    void drop();

    duckdb_data_chunk chunk_ = nullptr;
    std::size_t rows_ = 0;
    std::vector<ChunkColumn> columns_;
};

}  // namespace muster
