#include "engine/detail/chunk_columns.h"

#include "core/check.h"

#include <algorithm>

namespace muster {

namespace {

CellKind decimal_kind(duckdb_logical_type type) {
    switch (static_cast<int>(duckdb_decimal_internal_type(type))) {
        case DUCKDB_TYPE_SMALLINT:
            return CellKind::kDecimal16;
        case DUCKDB_TYPE_INTEGER:
            return CellKind::kDecimal32;
        case DUCKDB_TYPE_BIGINT:
            return CellKind::kDecimal64;
        case DUCKDB_TYPE_HUGEINT:
            return CellKind::kDecimal128;
        default:
            return CellKind::kNone;
    }
}

CellKind kind_of(duckdb_logical_type type) {
    switch (static_cast<int>(duckdb_get_type_id(type))) {
        case DUCKDB_TYPE_BOOLEAN:
            return CellKind::kBool;
        case DUCKDB_TYPE_TINYINT:
            return CellKind::kInt8;
        case DUCKDB_TYPE_SMALLINT:
            return CellKind::kInt16;
        case DUCKDB_TYPE_INTEGER:
            return CellKind::kInt32;
        case DUCKDB_TYPE_BIGINT:
            return CellKind::kInt64;
        case DUCKDB_TYPE_UTINYINT:
            return CellKind::kUint8;
        case DUCKDB_TYPE_USMALLINT:
            return CellKind::kUint16;
        case DUCKDB_TYPE_UINTEGER:
            return CellKind::kUint32;
        case DUCKDB_TYPE_DATE:
            return CellKind::kDate;
        case DUCKDB_TYPE_TIMESTAMP:
            return CellKind::kTimestamp;
        case DUCKDB_TYPE_DECIMAL:
            return decimal_kind(type);
        case DUCKDB_TYPE_DOUBLE:
            return CellKind::kDouble;
        case DUCKDB_TYPE_VARCHAR:
            return CellKind::kString;
        default:
            return CellKind::kNone;
    }
}

// Canonical bytes of a value; 0 for strings, whose size is their own.
std::size_t fixed_bytes(CellKind kind) {
    switch (kind) {
        case CellKind::kBool:
            return canonical::kBoolBytes;
        case CellKind::kDecimal16:
        case CellKind::kDecimal32:
        case CellKind::kDecimal64:
        case CellKind::kDecimal128:
            return canonical::kDecimalBytes;
        case CellKind::kNone:
        case CellKind::kString:
            return 0;
        case CellKind::kInt8:
        case CellKind::kInt16:
        case CellKind::kInt32:
        case CellKind::kInt64:
        case CellKind::kUint8:
        case CellKind::kUint16:
        case CellKind::kUint32:
        case CellKind::kDate:
        case CellKind::kTimestamp:
        case CellKind::kDouble:
            return canonical::kIntegerBytes;
    }
    return 0;
}

// Room for a NULL is no less than for a value: what is left over is not hashed.
void add_sizes(const ChunkColumn& column, std::size_t from, std::span<std::size_t> sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const bool null = column.null_at(from + i);
        sizes[i] += null ? 0 : string_cell(column.cell<duckdb_string_t>(from + i)).size();
    }
}

template <typename T, typename Put>
void put_cells(const ChunkColumn& column, std::size_t from, std::span<char*> ends, Put put) {
    const T* cells = &column.cell<T>(from);
    if (column.validity == nullptr) {
        for (std::size_t i = 0; i < ends.size(); ++i) {
            ends[i] = put(ends[i], cells[i]);
        }
        return;
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
        ends[i] = column.null_at(from + i) ? canonical::put_null(ends[i]) : put(ends[i], cells[i]);
    }
}

template <typename T>
void put_integers(const ChunkColumn& column, std::size_t from, std::span<char*> ends) {
    put_cells<T>(column, from, ends, [](char* to, T value) {
        return canonical::put_int64(to, static_cast<std::int64_t>(value));
    });
}

template <typename T>
void put_decimals(const ChunkColumn& column, std::size_t from, std::span<char*> ends) {
    put_cells<T>(column, from, ends, [](char* to, T value) {
        return canonical::put_decimal(to, static_cast<Int128>(value));
    });
}

void put_column(const ChunkColumn& column, std::size_t from, std::span<char*> ends) {
    switch (column.kind) {
        case CellKind::kNone:
            MUSTER_CHECK(column.kind != CellKind::kNone);
            return;
        case CellKind::kBool:
            return put_cells<std::uint8_t>(column, from, ends, [](char* to, std::uint8_t value) {
                return canonical::put_bool(to, value != 0);
            });
        case CellKind::kInt8:
            return put_integers<std::int8_t>(column, from, ends);
        case CellKind::kInt16:
            return put_integers<std::int16_t>(column, from, ends);
        case CellKind::kInt32:
        case CellKind::kDate:
            return put_integers<std::int32_t>(column, from, ends);
        case CellKind::kInt64:
        case CellKind::kTimestamp:
            return put_integers<std::int64_t>(column, from, ends);
        case CellKind::kUint8:
            return put_integers<std::uint8_t>(column, from, ends);
        case CellKind::kUint16:
            return put_integers<std::uint16_t>(column, from, ends);
        case CellKind::kUint32:
            return put_integers<std::uint32_t>(column, from, ends);
        case CellKind::kDecimal16:
            return put_decimals<std::int16_t>(column, from, ends);
        case CellKind::kDecimal32:
            return put_decimals<std::int32_t>(column, from, ends);
        case CellKind::kDecimal64:
            return put_decimals<std::int64_t>(column, from, ends);
        case CellKind::kDecimal128:
            return put_cells<duckdb_hugeint>(
                column, from, ends, [](char* to, const duckdb_hugeint& value) {
                    return canonical::put_decimal(to, decimal_cell(value));
                });
        case CellKind::kDouble:
            return put_cells<double>(column, from, ends, canonical::put_double);
        case CellKind::kString:
            return put_cells<duckdb_string_t>(
                column, from, ends, [](char* to, const duckdb_string_t& value) {
                    const std::string_view text = string_cell(value);
                    return canonical::put_string(to, text.data(), text.size());
                });
    }
}

}  // namespace

ChunkColumn chunk_column(duckdb_vector vector) {
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    const CellKind kind = kind_of(type);
    duckdb_destroy_logical_type(&type);
    return {kind, duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
}

void ChunkHasher::hash(std::span<const ChunkColumn> columns, std::size_t rows, Uint128* hashes) {
    std::size_t fixed = 0;
    for (const ChunkColumn& column : columns) {
        fixed += column.kind == CellKind::kString ? canonical::kStringHeadBytes
                                                  : fixed_bytes(column.kind);
    }
    for (std::size_t from = 0; from < rows; from += kGroupRows) {
        const std::size_t n = std::min(kGroupRows, rows - from);
        std::fill_n(sizes_.begin(), n, fixed);
        for (const ChunkColumn& column : columns) {
            if (column.kind == CellKind::kString) {
                add_sizes(column, from, {sizes_.data(), n});
            }
        }
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            total += sizes_[i];
        }
        bytes_.clear();
        char* to = bytes_.room(total);
        for (std::size_t i = 0; i < n; ++i) {
            ends_[i] = to;
            to += sizes_[i];
        }
        for (const ChunkColumn& column : columns) {
            put_column(column, from, {ends_.data(), n});
        }
        const char* start = bytes_.room(0);
        for (std::size_t i = 0; i < n; ++i) {
            hashes[from + i] =
                hash_canonical_row({start, static_cast<std::size_t>(ends_[i] - start)});
            start += sizes_[i];
        }
    }
}

void ResultChunk::drop() {
    if (chunk_ != nullptr) {
        duckdb_destroy_data_chunk(&chunk_);
        chunk_ = nullptr;
    }
}

Result<bool> ResultChunk::fetch(QueryResult& result) {
    drop();
    columns_.clear();
    rows_ = 0;
    chunk_ = duckdb_fetch_chunk(result.raw());
    if (chunk_ == nullptr) {
        const char* text = duckdb_result_error(&result.raw());
        if (text != nullptr && *text != '\0') {
            return duckdb_error(duckdb_result_error_type(&result.raw()), text, "reading a result");
        }
        return false;
    }
    rows_ = duckdb_data_chunk_get_size(chunk_);
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk_); ++i) {
        columns_.push_back(chunk_column(duckdb_data_chunk_get_vector(chunk_, i)));
    }
    return true;
}

}  // namespace muster
