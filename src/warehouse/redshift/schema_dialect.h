// How a step of a schema change is written for Redshift. Pure functions.
#pragma once

#include "warehouse/detail/table_diff.h"

#include <string>

namespace muster::redshift {

class SchemaDialect final : public muster::SchemaDialect {
  public:
    // The catalog decides how a table is spread; it must outlive this.
    explicit SchemaDialect(const Catalog& catalog) : catalog_(catalog) {}

    std::string create_table(const Table& table) const override;
    std::string drop_table(const TableName& table) const override;
    std::string add_column(const Table& table, const Column& column) const override;
    std::string drop_column(const Table& table, const std::string& column) const override;
    std::string change_type(const Table& table, const Column& column) const override;
    std::string require_values(const Table& table, const Column& column) const override;
    std::string allow_nulls(const Table& table, const Column& column) const override;
    std::string change_key(const Table& table) const override;

  private:
    // Builds the table as the catalog has it. Columns that are still to be added must be there.
    std::string rebuild(const Table& table) const;

    const Catalog& catalog_;
};

}  // namespace muster::redshift
