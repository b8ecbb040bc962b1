// One group of requests to one table, in one transaction, under the table's gate: what the database
// knows of the group's rows is asked for by one statement each, the group is judged, and what it
// leaves is written. Used by one thread.
#pragma once

#include "engine/engine.h"
#include "warehouse/detail/rows_group.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/postgres/refusals.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace muster {

class PgRowsJob {
  public:
    // The connection is in a transaction that holds the gate.
    PgRowsJob(PgConnection& connection,
              Engine& engine,
              const Table& table,
              std::span<const RowWrite* const> requests,
              std::int64_t now_us)
        : connection_(connection),
          engine_(engine),
          table_(table),
          group_(table, requests),
          now_us_(now_us) {}

    // Rows that the table refuses by rules of its own, by their place in the group, and why.
    using Refused = std::map<std::size_t, Reason>;

    // The caller commits if anything was written.
    Result<std::vector<RowWriteResult>> run();
    // The same around `refused`: nobody's rows are spoilt by them. What the table refuses by the
    // end of the transaction is found now.
    Result<std::vector<RowWriteResult>> run_without(const Refused& refused);
    // After a run that failed and was taken back: which of the rows that it wrote are at fault. The
    // caller takes back what this writes.
    Result<Refused> find_refused();
    bool wrote() const { return wrote_; }
    bool table_changed() const { return group_.table_changed(); }

  private:
    // rows_refuse.cpp
    Reason reason_of(RefusedItem refused) const;
    // rows_load.cpp
    Result<void> load_answers();
    Result<void> load_checks();
    Result<void> load_existing();
    Result<void> load_references();
    // rows_store.cpp
    Result<void> store_rows();
    Result<void> store_changes(std::span<const RowsGroup::Change> changes);
    Result<void> store_changed(const std::vector<const Row*>& rows);
    Result<void> store_new(const std::vector<const Row*>& rows);
    Result<void> store_rejects();
    Result<void> store_answers();
    Result<void> store_audits();
    Result<void> store_version();

    PgConnection& connection_;
    Engine& engine_;
    const Table& table_;
    RowsGroup group_;
    const std::int64_t now_us_;
    std::int64_t version_ = 0;
    bool check_deferred_ = false;
    bool wrote_ = false;
};

}  // namespace muster
