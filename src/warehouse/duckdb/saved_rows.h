// The rows of a backup's files in DuckDB's SQL.
#pragma once

#include "engine/detail/avro_scan.h"
#include "engine/detail/duckdb_handle.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/table_snapshots.h"

#include <optional>
#include <string>
#include <vector>

namespace muster {

// For one statement.
class SavedRows {
  public:
    SavedRows(Engine& engine, const RestoreFiles& files);

    std::string sql() const;
    // Parquet is stored in the order of the table, Avro in none.
    bool ordered() const { return !avro_; }
    Error error_behind(Error failed);

  private:
    const RestoreFiles& files_;
    std::optional<AvroScan> avro_;
};

// The table's columns as expressions over the files' columns.
std::string select_list(const std::vector<MappedColumn>& mapped);
// SELECT of the rows as the table takes them, by its key.
std::string saved_rows_sql(const Table& table,
                           const SavedRows& source,
                           const std::vector<MappedColumn>& mapped);
Result<FileContent> content_of(Connection& connection,
                               const Table& table,
                               const std::string& relation);

}  // namespace muster
