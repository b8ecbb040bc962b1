// What separates stored tables from the catalog (architecture.md, decision 13), the same for every
// warehouse; how a step is written is the warehouse's.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "warehouse/warehouse.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace muster {

class SchemaDialect {
  public:
    virtual ~SchemaDialect() = default;
    virtual std::string create_table(const Table& table) const = 0;
    virtual std::string drop_table(const TableName& table) const = 0;
    virtual std::string add_column(const Table& table, const Column& column) const = 0;
    virtual std::string drop_column(const Table& table, const std::string& column) const = 0;
    virtual std::string change_type(const Table& table, const Column& column) const = 0;
    // Fails if a row has no value.
    virtual std::string require_values(const Table& table, const Column& column) const = 0;
    // "" if the warehouse stores nothing of it.
    virtual std::string allow_nulls(const Table& table, const Column& column) const = 0;
    // Fails if rows share a value of the new key.
    virtual std::string change_key(const Table& table) const = 0;
};

// The steps from the stored tables (name -> stored_schema_json) to the catalog's.
Result<std::vector<MigrationStep>> plan_tables(
    const Catalog& catalog,
    const std::map<std::string, std::string>& stored,
    const SchemaDialect& dialect,
    const std::function<Result<bool>(const TableName&)>& is_empty);

// kUsage with the plan if a step is impossible, or is not automatic and `all` is false.
Result<void> check_plan(const std::vector<MigrationStep>& steps, bool all);

// The error of a step that failed: it names the step.
Error step_error(const MigrationStep& step, Error error);

}  // namespace muster
