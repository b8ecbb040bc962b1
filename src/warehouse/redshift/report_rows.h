// The rows of a report in Redshift. Its SQL is sent as it stands: in a subquery the order of its
// rows would be lost. Columns are found by name and read as the types that the report declares.
#pragma once

#include "warehouse/postgres/pool.h"
#include "warehouse/warehouse.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::redshift {

class ReportRows final : public RowStream {
  public:
    // kUsage naming a column that the result lacks.
    static Result<std::unique_ptr<RowStream>> open(PostgresPool::Lease lease,
                                                   const std::string& sql,
                                                   const PgParams& params,
                                                   std::vector<ResultColumn> columns);
    const std::vector<ResultColumn>& columns() const override { return columns_; }
    Result<bool> next(std::vector<Value>& row) override;

  private:
    ReportRows(PostgresPool::Lease lease, std::vector<ResultColumn> columns)
        : lease_(std::move(lease)), columns_(std::move(columns)) {}
    Result<void> find_columns();

    // In the order of their making: the stream ends before its transaction.
    PostgresPool::Lease lease_;
    std::optional<PgTransaction> transaction_;
    std::optional<PgStream> stream_;
    std::vector<ResultColumn> columns_;
    std::vector<std::size_t> places_;  // of columns_ in the result
};

}  // namespace muster::redshift
