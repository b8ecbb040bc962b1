// The JSON texts of the ledger: a table's outcome and a stored table's schema.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/ledger.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster {

std::string table_outcome_json(const TableOutcome& outcome);
Result<TableOutcome> parse_table_outcome(std::string_view json);

// What is known of a stored table: enough to tell what separates it from the catalog.
struct StoredColumn {
    std::string name;
    ColumnType type;
    bool nullable = false;
    bool operator==(const StoredColumn&) const = default;
};
struct StoredSchema {
    std::vector<StoredColumn> columns;
    std::vector<std::string> key;
    bool operator==(const StoredSchema&) const = default;
};

StoredSchema stored_schema(const Table& table);
std::string stored_schema_json(const StoredSchema& schema);
Result<StoredSchema> parse_stored_schema(std::string_view json);

// What json_texts wrote.
std::vector<std::string> parse_names_json(std::string_view json);

}  // namespace muster
