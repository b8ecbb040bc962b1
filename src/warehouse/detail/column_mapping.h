// How the columns of a backup become those of a table that has changed since (backup.md, restore).
// A pure function of the two lists.
#pragma once

#include "archive/archive_table.h"
#include "catalog/catalog.h"
#include "core/result.h"

#include <span>
#include <string>
#include <vector>

namespace muster {

// Every value of `from` is one of `to`, unchanged.
bool widens(const ColumnType& from, const ColumnType& to);

struct MappedColumn {
    const Column* column = nullptr;
    const ArchiveColumn* from = nullptr;  // null: every row has NULL
};

// One entry per column of the table, in its order. kConflict naming every column that does not fit.
// Points into both arguments.
Result<std::vector<MappedColumn>> map_columns(const Table& table,
                                              std::span<const ArchiveColumn> saved);

}  // namespace muster
