// One load of one table on one connection:
//   1. stage()      outside the gate: the clean Parquet files as a view, the scan's rejects, which
//                   rows lose against another one with the same key
//   2. judge()      under the gate, in the transaction: references, raw records, all the counts of
//                   rejects
//   3. publish()    classify against the target, delete the changed, insert new and changed
//   4. record()     rejects, object versions, publication, table version
// Temporary relations: stage (view), winners (view: no losers), passing (view: winners whose
// references exist), losers, missing, set_rejects, load_rejects, matched.
#pragma once

#include "engine/detail/duckdb_handle.h"
#include "warehouse/duckdb/key_ranges.h"
#include "warehouse/warehouse.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// What becomes of one object's records.
struct ObjectTally {
    std::int64_t staged = 0;        // rows in its Parquet files
    std::int64_t scan_rejects = 0;  // rows in its rejects files
    std::int64_t deduplicated = 0;
    std::int64_t set_rejected = 0;  // by duplicate policy or references
    std::int64_t updated = 0;
    std::int64_t unchanged = 0;
};

class LoadJob {
  public:
    LoadJob(Connection& connection, const LoadRequest& request, std::uint64_t memory_bytes);

    Result<void> stage();
    Result<void> judge();
    // Says by how much the rejects exceed the table's limit, if they do.
    std::optional<std::string> excess() const;
    Result<void> publish();
    // Everything but the publication row of the outcome; also fills the outcome.
    Result<TableOutcome> record(std::int64_t now_us);
    // For a load that stops at the reject limit: rejects only.
    Result<TableOutcome> record_refused(std::int64_t now_us, const std::string& error);
    bool target_changed() const { return inserted_ + updated_ > 0; }

  private:
    bool replay() const { return !request_.replay_of.empty(); }
    bool keys_rise() const;

    // load_stage.cpp
    Result<void> make_stage_view();
    Result<void> count_staged(const std::vector<std::filesystem::path>& paths);
    Result<void> collect_scan_rejects();
    Result<void> find_duplicates();
    Result<void> resolve_duplicates();
    // load_judge.cpp
    Result<void> check_references();
    Result<std::string> known_references(const Reference& reference, std::size_t index);
    Result<void> tally_set_rejects();
    Result<void> fetch_raw_records();
    Result<void> fetch_object(const LoadObject& object, Appender& appender);
    // load_publish.cpp
    Result<void> classify();
    Result<std::int64_t> match_all(std::size_t range);
    Result<std::int64_t> match_few(std::size_t range);
    Result<void> tally_matched();
    Result<void> check_balance(std::int64_t rows_before);
    LoadCounts counts_of(std::size_t index) const;
    TableOutcome outcome() const;
    // load_record.cpp
    Result<void> store_rejects(std::int64_t now_us, bool mark_gone);
    Result<void> store_replay(std::int64_t now_us);
    Result<void> store_objects(std::int64_t now_us);

    Result<std::int64_t> add_by_ordinal(const std::string& sql, std::int64_t ObjectTally::*field);

    Connection& connection_;
    const LoadRequest& request_;
    const Table& table_;
    std::uint64_t memory_bytes_;
    std::vector<ObjectTally> tallies_;  // as request_.objects
    std::map<std::uint64_t, std::size_t> index_by_ordinal_;
    std::int64_t staged_ = 0;
    std::int64_t losers_ = 0;
    std::int64_t set_rejects_ = 0;  // errors and notices
    std::int64_t missing_ = 0;
    bool rising_ = false;
    std::int64_t target_rows_ = 0;
    std::int64_t matched_ = 0;
    std::int64_t inserted_ = 0;
    std::int64_t updated_ = 0;
    KeyRanges ranges_;
    std::map<std::string, std::uint64_t> rejects_by_code_;
    std::map<std::string, std::uint64_t> notices_by_code_;
};

}  // namespace muster
