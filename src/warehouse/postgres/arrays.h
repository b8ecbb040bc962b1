// Columns of a batch as arrays: a statement has one parameter per column, whatever the number of
// rows.
#pragma once

#include "catalog/catalog.h"
#include "types/type.h"
#include "warehouse/postgres/rows.h"
#include "warehouse/row_tables.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// The text of an array that PostgreSQL reads: {1,2,NULL}.
std::string postgres_array(const ColumnType& type, const std::vector<const Value*>& values);
std::string postgres_array(const std::vector<std::string>& texts);

// unnest($1::bigint[], $2::text[]) AS b("id", "name"): these columns of a batch, whose arrays are
// the parameters from `first` on.
std::string unnest_sql(const Table& table,
                       const std::vector<std::size_t>& columns,
                       std::string_view name,
                       std::size_t first = 1);

// The parameters of such a batch.
void add_arrays(PgParams& params,
                const Table& table,
                const std::vector<const Row*>& rows,
                const std::vector<std::size_t>& columns);

}  // namespace muster
