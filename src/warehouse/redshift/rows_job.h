// One group of requests to one table, in one transaction, under the table's gate: what the database
// knows of the group's rows is asked for, the group is judged, and what it leaves is written. Used
// by one thread.
#pragma once

#include "engine/engine.h"
#include "warehouse/detail/rows_group.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/redshift/batches.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace muster {

class RedshiftRowsJob {
  public:
    // The connection is in a transaction that holds the gate.
    RedshiftRowsJob(PgConnection& connection,
                    Engine& engine,
                    const Table& table,
                    std::span<const RowWrite* const> requests,
                    std::int64_t now_us)
        : connection_(connection),
          engine_(engine),
          table_(table),
          group_(table, requests),
          now_us_(now_us) {}

    // The caller commits if anything was written.
    Result<std::vector<RowWriteResult>> run();
    bool wrote() const { return wrote_; }
    bool table_changed() const { return group_.table_changed(); }
    const std::vector<const AuditEntry*>& audits() const { return group_.audits(); }

  private:
    Result<void> load_answers();
    Result<void> load_checks();
    Result<void> load_existing();
    Result<void> load_references();
    Result<void> store_rows();
    Result<void> remove_rows(const std::vector<const Row*>& rows);
    Result<void> store_rejects();
    Result<void> store_answers();
    Result<void> store_version();
    // A statement of rows_sql.h for the keys of these rows, which must outlive it.
    redshift::BatchedStatement by_keys(const std::vector<const Row*>& rows,
                                       std::string (*sql)(const Table&, std::size_t)) const;

    PgConnection& connection_;
    Engine& engine_;
    const Table& table_;
    RowsGroup group_;
    const std::int64_t now_us_;
    std::int64_t version_ = 0;
    bool wrote_ = false;
};

}  // namespace muster
