// One load of one table in one transaction of PostgreSQL:
//   1. stage()      in the engine (warehouse/duckdb/staged_load.h), without a connection
//   2. copy()       outside the gate: the winners into a temporary table, by COPY in binary; not if
//                   choose_way() found the target empty
//   3. judge()      under the gate: references, raw records, all the counts of rejects
//   4. publish()    into an empty target by COPY; else classify against the target, update the
//                   changed, insert the new. Rows that the table refuses go to the rejects, and the
//                   rest is published again
//   5. record()     rejects, object versions
// Temporary tables: muster_stage (the table's columns and _position), muster_missing,
// muster_load_rejects.
//
// Changed rows are updated in place here: in PostgreSQL this costs what delete and insert cost
// (9.8 and 9.0 s for a million changed rows), and a row that foreign keys of others point to must
// not vanish for a moment.
#pragma once

#include "warehouse/duckdb/staged_load.h"
#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster {

class PostgresLoadJob : public StagedLoad {
  public:
    PostgresLoadJob(Connection& engine,
                    PgConnection& connection,
                    const LoadRequest& request,
                    std::uint64_t memory_bytes)
        : StagedLoad(engine, request, memory_bytes), postgres_(connection) {}

    // Before the transaction: whoever holds the gate may be waiting for the table's lock.
    Result<void> choose_way();
    Result<void> copy();
    Result<void> judge();
    // Rows that the table refuses become rejects: excess() is to be looked at again. If they are
    // too many for it, the table is as it was.
    Result<void> publish();
    // Everything but the publication row of the outcome; also fills the outcome.
    Result<TableOutcome> record(std::int64_t now_us);
    // For a load that stops at the reject limit: rejects only.
    Result<TableOutcome> record_refused(std::int64_t now_us, const std::string& error);
    bool target_changed() const { return inserted_ + updated_ > 0; }

  private:
    // load_direct.cpp
    Result<bool> target_empty();
    // False if that is not known.
    Result<bool> references_hold_by_values();
    // Of all winners; how many.
    Result<std::int64_t> send_winners(const std::string& target, bool with_position);
    // False if the table refused them, or COPY at all; the caller takes back what was written.
    Result<bool> publish_directly();
    // load_judge.cpp
    Result<void> stage_rows();
    Result<void> analyze_stage();
    Result<void> check_references();
    Result<void> find_missing();
    Result<void> take_missing();
    // load_publish.cpp
    Result<void> merge();
    Result<void> classify();
    Result<void> update_changed();
    Result<bool> mostly_changed();
    Result<std::map<std::int64_t, std::int64_t>> update_counted();
    Result<void> update_at_once();
    Result<void> update_counted_before();
    std::string update_sql(const std::string& staged) const;
    // Of a relation like muster_stage; how many rows.
    Result<std::int64_t> update_from(const std::string& staged);
    Result<std::int64_t> insert_from(const std::string& staged, bool some_are_there);
    Result<void> check_balance();
    // load_refuse.cpp
    Result<std::vector<UnfitRow>> find_unfit();
    Result<void> take_unfit(const std::vector<UnfitRow>& unfit);
    // To where publish() or the last take_unfit() saved.
    Result<void> undo_merge();
    // load_record.cpp
    Result<void> copy_rejects();
    Result<void> store_rejects(std::int64_t now_us, bool mark_gone);
    Result<void> store_replay(std::int64_t now_us);
    Result<void> store_objects(std::int64_t now_us);

    static constexpr const char* kStagedRows = "pg_temp.muster_stage";

    PgConnection& postgres_;
    bool direct_ = false;  // the target is empty: no temporary table
    bool copied_ = false;  // into the temporary table
    bool analyzed_ = false;
    std::int64_t matched_ = 0;
    std::int64_t inserted_ = 0;
    std::int64_t updated_ = 0;
};

}  // namespace muster
