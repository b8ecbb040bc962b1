// Filling the columns of a chunk that DuckDB asks for.
#pragma once

#include "engine/detail/duckdb_handle.h"
#include "types/type.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace muster {

// A column of the chunk that is filled, of the type that duckdb_type_of() gives.
struct ChunkTarget {
    ChunkTarget(const ColumnType& column_type, duckdb_data_chunk chunk, std::size_t column)
        : type(&column_type),
          vector(duckdb_data_chunk_get_vector(chunk, column)),
          data(duckdb_vector_get_data(vector)) {}

    template <typename T>
    void put(std::size_t row, T value) {
        static_cast<T*>(data)[row] = value;
    }

    void put_null(std::size_t row) {
        if (validity == nullptr) {
            duckdb_vector_ensure_validity_writable(vector);
            validity = duckdb_vector_get_validity(vector);
        }
        duckdb_validity_set_row_invalid(validity, row);
    }

    // Not copied: it must live until the chunk was taken.
    void put_string(std::size_t row, std::string_view text) {
        duckdb_string_t to{};
        const auto bytes = static_cast<std::uint32_t>(text.size());
        if (bytes <= sizeof to.value.inlined.inlined) {
            to.value.inlined.length = bytes;
            if (bytes != 0) {
                std::memcpy(to.value.inlined.inlined, text.data(), bytes);
            }
        } else {
            to.value.pointer.length = bytes;
            std::memcpy(to.value.pointer.prefix, text.data(), sizeof to.value.pointer.prefix);
            to.value.pointer.ptr = const_cast<char*>(text.data());
        }
        put(row, to);
    }

    void put_decimal(std::size_t row, Int128 unscaled) {
        constexpr int kDigitsIn16Bits = 4;
        constexpr int kDigitsIn32Bits = 9;
        constexpr int kDigitsIn64Bits = 18;
        const int digits = type->precision;
        if (digits <= kDigitsIn16Bits) {
            put(row, static_cast<std::int16_t>(unscaled));
        } else if (digits <= kDigitsIn32Bits) {
            put(row, static_cast<std::int32_t>(unscaled));
        } else if (digits <= kDigitsIn64Bits) {
            put(row, static_cast<std::int64_t>(unscaled));
        } else {
            put(row,
                duckdb_hugeint{static_cast<std::uint64_t>(unscaled),
                               static_cast<std::int64_t>(unscaled >> 64U)});
        }
    }

    const ColumnType* type;
    duckdb_vector vector;
    void* data;
    std::uint64_t* validity = nullptr;  // once there is a NULL
};

}  // namespace muster
