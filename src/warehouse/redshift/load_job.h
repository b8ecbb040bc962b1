// One load of one table in Redshift:
//   1. stage()      in the engine (warehouse/duckdb/staged_load.h), without a connection
//   2. copy()       outside the gate: clean objects by COPY into a temporary table, then losers
//   out;
//                   rows that Redshift refuses become rejects, and COPY is tried without them
//   3. judge()      under the gate: references, raw records, all the counts of rejects
//   4. publish()    classify against the target, delete the changed, insert new and changed
//   5. record()     rejects, object versions
// Temporary tables of the session: muster_stage (the table's columns and _position),
// muster_losers, muster_missing, muster_load_rejects, muster_known_rejects, muster_replay.
#pragma once

#include "warehouse/duckdb/staged_load.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/redshift/load_errors.h"
#include "warehouse/redshift/staging.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster {

class RedshiftLoadJob : public StagedLoad {
  public:
    RedshiftLoadJob(Connection& engine,
                    PgConnection& connection,
                    redshift::Staging& staging,
                    const LoadRequest& request,
                    std::uint64_t memory_bytes)
        : StagedLoad(engine, request, memory_bytes),
          redshift_(connection),
          staging_(staging),
          folder_(redshift::Staging::folder(request.table.name.str())) {}

    Result<void> copy();
    Result<void> judge();
    Result<void> publish();
    // Everything but the publication row of the outcome; also fills the outcome.
    Result<TableOutcome> record(std::int64_t now_us);
    // For a load that stops at the reject limit: rejects only.
    Result<TableOutcome> record_refused(std::int64_t now_us, const std::string& error);
    bool target_changed() const { return inserted_ + updated_ > 0; }
    // Removes what was put beside the clean objects.
    Result<void> clean_up() { return staging_.clear(folder_); }

  private:
    // load_copy.cpp
    Result<void> find_unfit();
    Result<std::vector<redshift::StagedObject>> staged_objects();
    Result<redshift::StagedObject> write_fitting();
    Result<void> remove_losers();
    Result<void> copy_objects(const std::string& relation,
                              const std::string& manifest,
                              const std::vector<redshift::StagedObject>& objects);
    Result<redshift::StagedObject> put_query(const std::string& file, const std::string& select);
    Result<void> expect_staged(std::int64_t rows);
    // The COPY of all rows that are to be staged, its objects and its manifest written.
    Result<std::string> copy_statement();
    // load_refused.cpp
    Result<void> take_refused(Error error, int tried);
    Result<bool> refuse_rows(const std::vector<redshift::LoadError>& errors);
    // `own` is a copy of our own object, if any of the errors names a row of it.
    Result<std::optional<std::int64_t>> find_position(const redshift::LoadError& error,
                                                      const std::filesystem::path& own);
    Result<std::int64_t> refuse_row(std::int64_t position, const redshift::LoadError& error);
    // load_judge.cpp
    Result<void> find_missing();
    Result<void> take_missing();
    // load_publish.cpp
    Result<void> classify();
    Result<void> delete_changed();
    Result<void> insert_new();
    Result<void> check_balance();
    // load_record.cpp
    Result<void> copy_rejects();
    Result<void> store_rejects(std::int64_t now_us, bool mark_gone);
    Result<void> mark_gone();
    Result<void> store_replay(std::int64_t now_us);
    Result<void> store_objects(std::int64_t now_us);

    PgConnection& redshift_;
    redshift::Staging& staging_;
    const std::string folder_;
    static constexpr const char* kOwnObject = "rows.parquet";
    bool own_object_ = false;  // the winners that fit are copied from an object of their own
    std::int64_t matched_ = 0;
    std::int64_t inserted_ = 0;
    std::int64_t updated_ = 0;
};

}  // namespace muster
