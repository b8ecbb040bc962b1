// One load of one table on one connection of DuckDB:
//   1. stage()      outside the gate (staged_load.h)
//   2. judge()      under the gate, in the transaction: references, raw records, all the counts of
//                   rejects
//   3. publish()    classify against the target, delete the changed, insert new and changed
//   4. record()     rejects, object versions, publication, table version
// Temporary relations beside those of staging: passing (view: winners whose references exist),
// matched, loaded_objects.
#pragma once

#include "warehouse/duckdb/staged_load.h"

#include <string>

namespace muster {

class LoadJob : public StagedLoad {
  public:
    using StagedLoad::StagedLoad;

    Result<void> judge();
    Result<void> publish();
    // Everything but the publication row of the outcome; also fills the outcome.
    Result<TableOutcome> record(std::int64_t now_us);
    // For a load that stops at the reject limit: rejects only.
    Result<TableOutcome> record_refused(std::int64_t now_us, const std::string& error);
    bool target_changed() const { return inserted_ + updated_ > 0; }

  private:
    // load_judge.cpp
    Result<void> check_references();
    Result<std::string> known_references(const Reference& reference, std::size_t index);
    // load_publish.cpp
    Result<void> classify();
    Result<std::int64_t> match_all(std::size_t range);
    Result<std::int64_t> match_few(std::size_t range);
    Result<void> tally_matched();
    Result<void> check_balance(std::int64_t rows_before);
    // load_record.cpp
    Result<void> list_objects(std::int64_t now_us);
    Result<void> store_rejects(std::int64_t now_us, bool mark_gone);
    Result<void> store_replay(std::int64_t now_us);

    std::int64_t target_rows_ = 0;
    std::int64_t matched_ = 0;
    std::int64_t inserted_ = 0;
    std::int64_t updated_ = 0;
};

}  // namespace muster
