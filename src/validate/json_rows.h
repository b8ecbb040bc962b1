// Rows from a JSON request, judged by the same rules, codes and messages as a record of a file
// (architecture.md, decision 2; catalog.md). Thread-safe pure functions.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "validate/reject.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct JsonRow {
    std::vector<Value> values;    // one per column; complete only without reasons
    std::vector<Reason> reasons;  // every violated rule; value.unknown_field has column -1
    std::string text;             // the row as JSON
};

struct JsonRows {
    bool array = false;  // false: one object stood alone
    std::vector<JsonRow> rows;
};

// The body is an object, or an array of objects. kUsage with the place if it is not: no JSON, a key
// twice in one object, too deep, an element that is no object. The number of rows is the caller's
// matter. Keys and references are judged elsewhere, row checks (SQL) too.
Result<JsonRows> judge_json_rows(const Table& table, std::string_view body);

}  // namespace muster
