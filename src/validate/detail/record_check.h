// A whole record on the exact path: unquoting, shape, encoding, every field.
#pragma once

#include "validate/detail/field_check.h"
#include "validate/detail/row_store.h"
#include "validate/detail/splitter.h"
#include "validate/detail/table_plan.h"
#include "validate/reject.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace muster {

enum class RecordVerdict : std::uint8_t {
    kClean,
    kRefusedDecoded,  // every value decoded, but rules are broken
    kRefused,
};

// Owned by one thread.
class RecordCheck {
  public:
    explicit RecordCheck(const TablePlan& plan) : plan_(plan), values_(plan.columns.size()) {}

    // Judges the record data[begin, end) with these fields. Texts that had doubled quotes are kept
    // in `arena`. With `reasons` all violated rules are appended, otherwise it stops early where
    // the verdict is sure.
    RecordVerdict run(const char* data,
                      std::size_t begin,
                      std::size_t end,
                      const std::vector<SplitField>& fields,
                      TextArena& arena,
                      std::vector<Reason>* reasons);

    // The values, after kClean or kRefusedDecoded.
    const std::vector<FieldValue>& values() const { return values_; }

  private:
    bool check_shape(std::string_view record, std::size_t fields, std::vector<Reason>* reasons);

    const TablePlan& plan_;
    std::vector<FieldValue> values_;
    std::string unescaped_;
};

}  // namespace muster
