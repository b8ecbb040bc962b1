// A table prepared for the scan: what the hot path needs of each column in a flat form, patterns
// compiled. Immutable after make_table_plan, shared by all threads of a scan.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "types/type.h"
#include "validate/detail/splitter.h"
#include "validate/detail/structural_index.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace muster {

// How the hot path reads a field before it falls back to check_field.
enum class FieldOp : std::uint8_t { kInteger, kTimestamp, kString, kGeneral };

struct ColumnPlan {
    ColumnPlan();
    ~ColumnPlan();
    ColumnPlan(ColumnPlan&&) noexcept;
    ColumnPlan& operator=(ColumnPlan&&) noexcept;

    FieldOp op = FieldOp::kGeneral;
    TypeKind kind = TypeKind::kString;
    bool nullable = false;
    std::size_t width_bytes = 8;
    // Inclusive, of type and rules together; kInteger and kTimestamp.
    std::int64_t low = 0;
    std::int64_t high = 0;
    // kString: with a byte count in here no length rule can be violated.
    std::size_t safe_bytes_min = 1;
    std::size_t safe_bytes_max = 0;
    const Column* column = nullptr;
    std::unique_ptr<re2::RE2> pattern;  // null = none
};

struct TablePlan {
    Table table;
    std::vector<ColumnPlan> columns;
    SplitRules split;
    StructuralBytes structural;
    // Bit n: a null value of n bytes exists (bit 63: of 63 or more).
    std::uint64_t null_lengths = 0;
    int key_column = -1;  // of a key whose rise can be watched, -1 = none
    bool key_is_text = false;

    bool maybe_null_text(std::size_t bytes) const {
        return (null_lengths >> (bytes < 63 ? bytes : 63) & 1U) != 0;
    }
};

// Bytes of a value in ColumnData.
std::size_t column_width_bytes(const ColumnType& type);

// Fails with kUsage for a pattern that RE2 refuses or a delimiter that cannot split.
Result<std::shared_ptr<const TablePlan>> make_table_plan(const Table& table);

}  // namespace muster
