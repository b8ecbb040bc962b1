// A table as an archive describes it: what a saved table needs to be read back, without the rules
// that files and requests must keep. A plain value, safe to share.
#pragma once

#include "catalog/catalog.h"
#include "types/type.h"

#include <string>
#include <vector>

namespace muster {

struct ArchiveColumn {
    std::string name;
    ColumnType type;
    bool nullable = false;

    bool operator==(const ArchiveColumn&) const = default;
};

struct ArchiveTable {
    std::string name;
    std::vector<ArchiveColumn> columns;  // in the order of the fields of a row

    bool operator==(const ArchiveTable&) const = default;
};

ArchiveTable archive_table(const Table& table);

}  // namespace muster
