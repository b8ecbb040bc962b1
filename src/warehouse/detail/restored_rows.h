// What a restore asks of the rows it brings back, in SQL that every warehouse speaks.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/table_snapshots.h"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace muster {

// How to ask a warehouse.
struct RestoreQueries {
    struct Counted {
        std::int64_t rows = 0;
        std::string example;
    };
    // SQL that names this table.
    std::function<std::string(const std::string& table)> relation;
    // A query of one row with a number and a text.
    std::function<Result<Counted>(const std::string& sql)> count;
};

// What the table asks of its rows and the backup's table may not have asked: values where the table
// has no NULLs, and unique keys. kConflict listing what does not hold of the rows in `staged`.
Result<void> check_restored_rows(const RestoreQueries& queries,
                                 const Table& table,
                                 const RestoreFiles& files,
                                 const std::vector<MappedColumn>& mapped,
                                 const std::string& staged);

// TableSnapshots::broken_references.
Result<std::vector<BrokenReference>> find_broken_references(const RestoreQueries& queries,
                                                            const Catalog& catalog,
                                                            const Table& table,
                                                            const std::string& staged);

// kConflict listing them, if there are any.
Result<void> refuse_broken_references(const RestoreQueries& queries, const SwapRequest& request);

// The tables on the other side of a reference of or to this table.
std::set<std::string> tables_around(const Catalog& catalog, const Table& table);

}  // namespace muster
