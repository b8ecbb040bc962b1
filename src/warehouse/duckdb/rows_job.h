// One group of requests to one table, in one transaction, under the table's gate:
//   1. load     what the database knows of the group's keys, references and idempotency keys: each
//               by one statement for all of its rows, probing the table by the batch
//   2. judge    request by request, each seeing what those before it will have written
//   3. store    changed rows are deleted and inserted, then rejects, answers, audit, version
#pragma once

#include "warehouse/detail/rows_group.h"
#include "warehouse/duckdb/rows_connections.h"
#include "warehouse/duckdb/rows_values.h"
#include "warehouse/row_tables.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace muster {

// Plans and runs a statement that must not be kept: DuckDB answers count(*) and IS NULL from the
// statistics of the moment it plans, and a kept plan would give that answer for ever.
Result<QueryResult> run_once(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params);
// Runs a kept statement with these parameters in order.
Result<QueryResult> run_kept(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params);

// unnest($1::BIGINT[]) AS "id": column `column` of a batch.
std::string unnest_sql(std::size_t param, const Column& column);
// The values of these columns, a list each.
std::vector<DuckdbValue> column_lists(const Table& table,
                                      const std::vector<const Row*>& rows,
                                      const std::vector<std::size_t>& columns);
// As row_checks.h, on a kept connection. Requires: the table has checks.
Result<std::vector<std::int64_t>> failed_row_checks(KeptConnection& kept,
                                                    const Table& table,
                                                    const std::vector<const Row*>& rows);

class RowsJob {
  public:
    RowsJob(KeptConnection& kept,
            const Table& table,
            std::span<const RowWrite* const> group,
            std::int64_t now_us)
        : kept_(kept), table_(table), group_(table, group), now_us_(now_us) {}

    // The caller commits if anything was written.
    Result<std::vector<RowWriteResult>> run();
    bool wrote() const { return wrote_; }
    bool table_changed() const { return group_.table_changed(); }

  private:
    // rows_load.cpp
    Result<void> load_answers();
    Result<void> load_checks();
    Result<void> load_existing();
    Result<void> load_rows(const std::vector<Value>& rowids);
    Result<void> load_references();
    Result<std::string> reference_key(const Reference& reference);
    // rows_store.cpp
    Result<void> store_rows();
    Result<void> store_rejects();
    // Deletes them as well.
    Result<void> load_known_rejects(std::map<std::string, RowsGroup::KnownReject>& known);
    Result<void> store_notes();
    Result<std::int64_t> load_version();

    Result<QueryResult> run(const std::string& sql, const std::vector<DuckdbValue>& params) {
        return run_kept(kept_, sql, params);
    }

    KeptConnection& kept_;
    const Table& table_;
    RowsGroup group_;
    const std::int64_t now_us_;
    std::int64_t version_ = 0;
    bool wrote_ = false;
};

}  // namespace muster
