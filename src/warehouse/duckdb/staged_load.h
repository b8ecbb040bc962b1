// What every warehouse does alike with the clean objects of a load, in the engine's own DuckDB and
// before it looks at any table:
//   stage()    the clean Parquet files as a view, the scan's rejects, which rows lose against
//   another
//              one with the same key
//   settle()   once the warehouse has added what it refuses to `set_rejects`: raw records, all the
//              counts of rejects
// Temporary relations: stage (view), winners (view: no losers), losers, set_rejects, load_rejects,
// reject_files.
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

// A staged row that the warehouse refuses by a rule of its own.
struct UnfitRow {
    std::int64_t position = 0;
    std::string column;  // "" = the row as a whole
    std::string message;
};

class StagedLoad {
  public:
    StagedLoad(Connection& connection, const LoadRequest& request, std::uint64_t memory_bytes);

    Result<void> stage();
    // Says by how much the rejects exceed the table's limit, if they do.
    std::optional<std::string> excess() const;

  protected:
    bool replay() const { return !request_.replay_of.empty(); }
    // May be called again when `set_rejects` has grown.
    Result<void> settle();
    // Rows that are neither losers nor refused.
    std::int64_t passing() const;
    LoadCounts counts_of(std::size_t index) const;
    // Of the object at `index`, as this load leaves it.
    ObjectVersion object_version(std::size_t index, std::int64_t now_us) const;
    // kInternal unless each object's records are all accounted for; else the sum.
    Result<LoadCounts> balanced_counts() const;
    TableOutcome outcome() const;
    // The outcome of a load that stops at the reject limit.
    TableOutcome refused_outcome(const std::string& error) const;
    // SQL of the reason why a row `w` of winners is refused.
    std::string reference_reason(const Reference& reference) const;
    // For a warehouse that finds missing references by itself: takes (position of a row, index of
    // the reference in the table), and then refuses these rows with all their reasons; how many.
    Result<Appender> open_missing();
    Result<std::int64_t> refuse_missing();
    // For rows that are found after settle(): adds them to the rejects and settles again.
    Result<void> refuse_unfit(const std::vector<UnfitRow>& rows);
    // kInternal unless as many were refused, and taken out of the staged rows, as were missing.
    Result<void> check_missing(std::int64_t refused, std::int64_t removed) const;
    // Of a Parquet file with positions, that of a row, counted from 0; nothing if it has no such
    // row.
    Result<std::optional<std::int64_t>> position_of(const std::filesystem::path& file,
                                                    std::int64_t row);
    // Adds the second column to the tally of the object whose ordinal is in the first; their sum.
    Result<void> add_to_tally(std::int64_t ordinal,
                              std::int64_t count,
                              std::int64_t ObjectTally::*field);
    Result<std::int64_t> add_by_ordinal(const std::string& sql, std::int64_t ObjectTally::*field);

    Connection& connection_;
    const LoadRequest& request_;
    const Table& table_;
    std::uint64_t memory_bytes_;
    std::vector<ObjectTally> tallies_;  // as request_.objects
    std::int64_t staged_ = 0;
    std::int64_t losers_ = 0;
    std::int64_t set_rejects_ = 0;  // errors and notices
    std::int64_t missing_ = 0;      // rows that a reference refuses: the warehouse's to set
    std::int64_t unfit_ = 0;        // rows that the warehouse cannot store: likewise
    bool rising_ = false;           // the keys, in the order of positions
    KeyRanges ranges_;

  private:
    bool keys_rise() const;
    Result<void> make_stage_view();
    Result<void> count_staged(const std::vector<std::filesystem::path>& paths);
    Result<void> collect_scan_rejects();
    Result<void> read_scan_rejects(const std::vector<std::filesystem::path>& files);
    Result<void> check_scan_rejects() const;
    Result<void> find_duplicates();
    Result<void> resolve_duplicates();
    Result<void> forget_set_rejects();
    Result<void> tally_set_rejects();
    Result<void> count_reasons(const std::string& code, std::int64_t rows);
    Result<void> fetch_raw_records();
    Result<void> fetch_object(const LoadObject& object, Appender& appender);

    const std::string rule_fingerprint_;  // of the table
    const std::string schema_fingerprint_;
    std::map<std::uint64_t, std::size_t> index_by_ordinal_;
    bool settled_ = false;
    std::map<std::string, std::uint64_t> scan_rejects_by_code_;
    std::map<std::string, std::uint64_t> rejects_by_code_;
    std::map<std::string, std::uint64_t> notices_by_code_;
};

}  // namespace muster
