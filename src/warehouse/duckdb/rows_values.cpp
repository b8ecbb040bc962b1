#include "warehouse/duckdb/rows_values.h"

#include "engine/detail/scan_source.h"

#include <cstring>

namespace muster {
namespace {

// How wide DuckDB stores a decimal.
int decimal_bytes(int precision) {
    return precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
}

template <typename T>
Int128 load_as(const void* cell) {
    T value;
    std::memcpy(&value, cell, sizeof value);
    return value;
}

Int128 read_decimal(const void* cell, int precision) {
    switch (decimal_bytes(precision)) {
        case 2:
            return load_as<std::int16_t>(cell);
        case 4:
            return load_as<std::int32_t>(cell);
        case 8:
            return load_as<std::int64_t>(cell);
        default:
            return load_as<Int128>(cell);
    }
}

duckdb_value raw_value(const ColumnType& type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return duckdb_create_null_value();
    }
    switch (type.kind) {
        case TypeKind::kInt32:
            return duckdb_create_int32(static_cast<std::int32_t>(std::get<std::int64_t>(value)));
        case TypeKind::kInt64:
            return duckdb_create_int64(std::get<std::int64_t>(value));
        case TypeKind::kDecimal: {
            const Int128 wide = std::get<Int128>(value);
            const duckdb_hugeint huge{static_cast<std::uint64_t>(wide),
                                      static_cast<std::int64_t>(wide >> 64)};
            return duckdb_create_decimal({static_cast<std::uint8_t>(type.precision),
                                          static_cast<std::uint8_t>(type.scale),
                                          huge});
        }
        case TypeKind::kDouble:
            return duckdb_create_double(std::get<double>(value));
        case TypeKind::kBool:
            return duckdb_create_bool(std::get<bool>(value));
        case TypeKind::kString: {
            const auto& text = std::get<std::string>(value);
            return duckdb_create_varchar_length(text.data(), text.size());
        }
        case TypeKind::kDate:
            return duckdb_create_date({static_cast<std::int32_t>(std::get<std::int64_t>(value))});
        case TypeKind::kTimestamp:
            return duckdb_create_timestamp({std::get<std::int64_t>(value)});
    }
    return duckdb_create_null_value();
}

}  // namespace

DuckdbValue make_value(const ColumnType& type, const Value& value) {
    return DuckdbValue(raw_value(type, value));
}

DuckdbValue make_list(const ColumnType& type, const std::vector<const Value*>& values) {
    std::vector<duckdb_value> items;
    items.reserve(values.size());
    for (const Value* value : values) {
        items.push_back(raw_value(type, *value));
    }
    duckdb_logical_type logical = duckdb_type_of(type);
    DuckdbValue list(duckdb_create_list_value(logical, items.data(), items.size()));
    duckdb_destroy_logical_type(&logical);
    for (duckdb_value& item : items) {
        duckdb_destroy_value(&item);
    }
    return list;
}

Result<void> bind_value(Statement& statement, std::size_t index, const DuckdbValue& value) {
    if (value == nullptr || duckdb_bind_value(statement.raw(), index, value.get()) == DuckDBError) {
        return Error{ErrorCode::kInternal, "cannot bind a value of a row", "", ""};
    }
    return {};
}

Value read_value(const QueryResult& row, std::size_t column, const ColumnType& type) {
    if (row.is_null(column)) {
        return std::monostate{};
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return row.int64(column);
        case TypeKind::kBool:
            return row.int64(column) != 0;
        case TypeKind::kDouble:
            return row.real(column);
        case TypeKind::kString:
            return std::string(row.text(column));
        case TypeKind::kDecimal:
            return read_decimal(row.cell(column), type.precision);
    }
    return std::monostate{};
}

}  // namespace muster
