// A streaming result as typed values. Owns its connection, in a read-only transaction.
#pragma once

#include "engine/detail/duckdb_handle.h"
#include "warehouse/warehouse.h"

#include <optional>
#include <string>
#include <vector>

namespace muster {

class DuckdbRowStream final : public RowStream {
  public:
    // The statement was prepared on the connection. `cancel` may be null.
    static Result<std::unique_ptr<RowStream>> open(Connection connection,
                                                   Statement statement,
                                                   std::vector<ResultColumn> columns,
                                                   const CancelToken* cancel);
    const std::vector<ResultColumn>& columns() const override { return columns_; }
    Result<bool> next(std::vector<Value>& row) override;

  private:
    DuckdbRowStream(Connection connection, Statement statement, std::vector<ResultColumn> columns);

    Connection connection_;
    std::optional<InterruptGuard> guard_;
    Statement statement_;
    QueryResult rows_;
    std::vector<ResultColumn> columns_;
};

// The type of a result column; nothing if it must be cast to text.
std::optional<ColumnType> column_type_of(duckdb_prepared_statement statement, std::size_t column);

}  // namespace muster
