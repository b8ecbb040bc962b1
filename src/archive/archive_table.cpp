#include "archive/archive_table.h"

namespace muster {

ArchiveTable archive_table(const Table& table) {
    ArchiveTable archived{table.name.str(), {}};
    for (const Column& column : table.columns) {
        archived.columns.push_back({column.name, column.type, column.nullable});
    }
    return archived;
}

}  // namespace muster
