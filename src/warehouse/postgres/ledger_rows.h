// What every server of the protocol does alike with rows: those of the ledger and of the tables.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/ledger.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/row_tables.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace muster {

// All rows of kRunsSelect, without their tables.
std::vector<RunRecord> read_runs(PgRows& rows);

// The values of a version in the order of the columns of muster.objects.
PgParams& add_object_version(PgParams& params, const ObjectVersion& version);

// The row it stands on, whose columns are those of the table.
Result<Row> read_row(const Table& table, const PgRows& rows);

// The key column that a reference leads to, as SQL. The catalog guarantees one of the same type;
// its name is the stored table's. kConflict if the table was not made yet.
Result<std::string> referenced_key(PgConnection& connection, const Reference& reference);

// What a listing of rejects says in another way on each server.
struct RejectDialect {
    const char* select;     // up to and with its first condition
    const char* parameter;  // {} is its number: "${}::text"
    const char* id_prefix;  // {0} is the parameter, {1} its length
    Result<std::string> (*raw)(const PgRows& row, std::size_t column);
};

// As Warehouse::rejects.
Result<void> list_rejects(PgConnection& connection,
                          const RejectDialect& dialect,
                          const RejectFilter& filter,
                          const std::function<Result<void>(const RejectEntry&)>& found);

}  // namespace muster
