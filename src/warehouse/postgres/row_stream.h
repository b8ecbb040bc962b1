// A streaming result as typed values. Owns its connection, in a read-only transaction that is
// rolled back at the end, so that nothing a query sets stays behind.
#pragma once

#include "warehouse/postgres/pool.h"
#include "warehouse/warehouse.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster {

class PostgresRowStream final : public RowStream {
  public:
    // Without `columns` they are those of the result.
    static Result<std::unique_ptr<RowStream>> open(
        PostgresPool::Lease lease,
        const std::string& sql,
        const PgParams& params,
        std::optional<std::vector<ResultColumn>> columns);
    const std::vector<ResultColumn>& columns() const override { return columns_; }
    Result<bool> next(std::vector<Value>& row) override;

  private:
    explicit PostgresRowStream(PostgresPool::Lease lease) : lease_(std::move(lease)) {}

    // In the order of their making: the stream ends before its transaction.
    PostgresPool::Lease lease_;
    std::optional<PgTransaction> transaction_;
    std::optional<PgStream> stream_;
    std::vector<ResultColumn> columns_;
};

}  // namespace muster
