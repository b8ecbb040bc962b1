// Values of rows on their way into and out of DuckDB: whole columns are bound as lists, so that a
// statement is prepared once whatever the number of rows.
#pragma once

#include "engine/detail/duckdb_handle.h"
#include "types/type.h"

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace muster {

struct DuckdbValueDeleter {
    void operator()(duckdb_value value) const { duckdb_destroy_value(&value); }
};
using DuckdbValue = std::unique_ptr<std::remove_pointer_t<duckdb_value>, DuckdbValueDeleter>;

DuckdbValue make_value(const ColumnType& type, const Value& value);

// A list of values, one column of a batch.
DuckdbValue make_list(const ColumnType& type, const std::vector<const Value*>& values);

// Binds parameter `index`, from 1.
Result<void> bind_value(Statement& statement, std::size_t index, const DuckdbValue& value);

// The value of a result's column, which has this type.
Value read_value(const QueryResult& row, std::size_t column, const ColumnType& type);

}  // namespace muster
