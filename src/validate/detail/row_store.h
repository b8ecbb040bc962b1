// Writes decoded values into the columns of a ScanBlock, and keeps the text that is not in the
// block's own bytes. Owned by one thread.
#pragma once

#include "validate/detail/field_check.h"
#include "validate/detail/table_plan.h"
#include "validate/scan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Text with stable addresses until clear().
class TextArena {
  public:
    std::string_view copy(std::string_view text);
    void clear();

  private:
    std::vector<std::unique_ptr<std::string>> chunks_;
};

// Makes the columns those of the table and empties the block.
void reset_rows(const TablePlan& plan, ScanBlock& block);

// Makes room for `rows` rows in all. With `refused` in that array as well.
void reserve_rows(ScanBlock& block, std::size_t rows, bool refused);

// Writes one value at a row that has been reserved.
void store_value(ColumnData& column, std::size_t row, const FieldValue& value);

// Puts the rows of `seam` before those of `block`, whose rows start at `gap` (0 or 1).
void prepend_rows(const ScanBlock& seam, std::size_t gap, ScanBlock& block, bool refused);

// Whether keys rise, and their ends. Texts point into blocks until they are joined.
struct KeySummary {
    bool any = false;
    bool rising = true;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::string_view first_text;
    std::string_view last_text;

    void add(std::int64_t key) {
        rising = rising && (!any || key > last);
        first = any ? first : key;
        last = key;
        any = true;
    }
    void add_text(std::string_view key) {
        rising = rising && (!any || key > last_text);
        first_text = any ? first_text : key;
        last_text = key;
        any = true;
    }
};

}  // namespace muster
