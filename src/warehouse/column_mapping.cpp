#include "warehouse/detail/column_mapping.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {

namespace {

// "" if a saved column (null: there is none) can become this one.
std::string misfit(const Column& column, bool is_key, const ArchiveColumn* saved) {
    if (saved == nullptr) {
        if (column.nullable && !is_key) {
            return "";
        }
        return fmt::format("column {} ({}) is not in the backup and must have a value",
                           column.name,
                           type_text(column.type));
    }
    if (saved->type == column.type || widens(saved->type, column.type)) {
        return "";
    }
    return fmt::format("column {} is {} in the backup and {} in the table",
                       column.name,
                       type_text(saved->type),
                       type_text(column.type));
}

}  // namespace

bool widens(const ColumnType& from, const ColumnType& to) {
    if (from.kind == TypeKind::kInt32 && to.kind == TypeKind::kInt64) {
        return true;
    }
    return from.kind == TypeKind::kDecimal && to.kind == TypeKind::kDecimal &&
           to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
}

Result<std::vector<MappedColumn>> map_columns(const Table& table,
                                              std::span<const ArchiveColumn> saved) {
    std::vector<MappedColumn> mapped;
    std::string misfits;
    for (const Column& column : table.columns) {
        const auto at = std::find_if(saved.begin(), saved.end(), [&column](const auto& one) {
            return one.name == column.name;
        });
        const ArchiveColumn* from = at == saved.end() ? nullptr : &*at;
        if (const auto why = misfit(column, table.is_key(column.name), from); !why.empty()) {
            misfits += "\n  " + why;
        }
        mapped.push_back({&column, from});
    }
    if (!misfits.empty()) {
        return Error{ErrorCode::kConflict,
                     fmt::format("the backup does not fit table {}:{}", table.name.str(), misfits),
                     "restore it with the catalog it was made with, or change the catalog so that"
                     " these columns fit",
                     ""};
    }
    return mapped;
}

}  // namespace muster
