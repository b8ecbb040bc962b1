// Publishing around the rows that the table refuses by rules of its own (refusals.h).
#include "core/text.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/refusals.h"

#include <fmt/format.h>

namespace muster {
namespace {

// What is found can change what is found next: without a row that took a value, another one fits.
constexpr int kRoundsMax = 3;

constexpr const char* kSave = "SAVEPOINT muster_publish";
constexpr const char* kUndo = "ROLLBACK TO SAVEPOINT muster_publish";
// No column of a catalog has a name like that of the number.
constexpr const char* kNumber =
    "CREATE TEMP TABLE muster_numbered ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY"
    " _position) - 1 AS \"row.number\", s.* FROM pg_temp.muster_stage s;"
    "CREATE UNIQUE INDEX ON pg_temp.muster_numbered (\"row.number\");"
    "ANALYZE pg_temp.muster_numbered;"
    // Few rows against a table that grows meanwhile: by its key, whatever the planner thinks.
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
    "SET LOCAL enable_seqscan = off";
constexpr const char* kCount = "SELECT count(*) FROM pg_temp.muster_numbered";
constexpr const char* kPosition =
    "SELECT _position FROM pg_temp.muster_numbered WHERE \"row.number\" = $1";
constexpr const char* kTakeOut =
    "DELETE FROM pg_temp.muster_stage WHERE _position = ANY($1::bigint[])";

}  // namespace

Result<void> PostgresLoadJob::publish() {
    MUSTER_TRY(postgres_.execute(kSave));
    if (direct_ && passing() > 0) {
        MUSTER_ASSIGN(const bool done, publish_directly());
        if (done) {
            return {};
        }
        MUSTER_TRY(undo_merge());
        MUSTER_TRY(stage_rows());
        MUSTER_TRY(postgres_.execute(kSave));
    }
    for (int round = 1;; ++round) {
        auto merged = merge();
        if (merged.ok() || !postgres_.usable() || !refuses_rows(postgres_.sqlstate()) ||
            round > kRoundsMax) {
            return merged;
        }
        MUSTER_TRY(undo_merge());
        MUSTER_ASSIGN(const auto unfit, find_unfit());
        MUSTER_TRY(postgres_.execute(kUndo));
        // None: it was somebody else's row, which the next round sees.
        if (!unfit.empty()) {
            MUSTER_TRY(take_unfit(unfit));
            if (excess()) {
                return {};
            }
        }
    }
}

Result<void> PostgresLoadJob::undo_merge() {
    MUSTER_TRY(postgres_.execute(kUndo));
    analyzed_ = false;  // what ANALYZE found is undone as well
    matched_ = 0;
    inserted_ = 0;
    updated_ = 0;
    for (ObjectTally& tally : tallies_) {
        tally.updated = 0;
        tally.unchanged = 0;
    }
    return {};
}

// By writing the rows; the caller takes back what was written.
Result<std::vector<UnfitRow>> PostgresLoadJob::find_unfit() {
    MUSTER_TRY(postgres_.execute(kNumber));
    MUSTER_ASSIGN(const auto count, postgres_.scalar(kCount));
    const auto write = [this](std::int64_t begin, std::int64_t end) -> Result<void> {
        const std::string staged = fmt::format(
            "(SELECT * FROM pg_temp.muster_numbered WHERE \"row.number\" >= {}"
            " AND \"row.number\" < {})",
            begin,
            end);
        MUSTER_ASSIGN(const auto updated, update_from(staged));
        MUSTER_ASSIGN(const auto inserted, insert_from(staged, true));
        static_cast<void>(updated + inserted);
        return postgres_.execute(kCheckDeferred);
    };
    auto refused = write_but_refused(postgres_, count, kRefusedRowsMax, write);
    if (!refused.ok()) {
        Error error = std::move(refused).error();
        error.message = fmt::format("table {}: {}", table_.name.str(), error.message);
        return error;
    }
    std::vector<UnfitRow> unfit;
    for (RefusedItem& item : *refused) {
        MUSTER_ASSIGN(const auto position, postgres_.scalar(kPosition, item.item));
        unfit.push_back({position, std::move(item.column), std::move(item.message)});
    }
    return unfit;
}

Result<void> PostgresLoadJob::take_unfit(const std::vector<UnfitRow>& unfit) {
    std::string positions;
    for (const UnfitRow& row : unfit) {
        positions += (positions.empty() ? "" : ",") + std::to_string(row.position);
    }
    MUSTER_ASSIGN(const auto removed, postgres_.change(kTakeOut, "{" + positions + "}"));
    if (removed != static_cast<std::int64_t>(unfit.size())) {
        return Error{ErrorCode::kInternal,
                     fmt::format("table {}: {} rows are refused, {} were staged",
                                 table_.name.str(),
                                 unfit.size(),
                                 removed),
                     "nothing was changed; please report this",
                     ""};
    }
    // The next rollback is to here.
    MUSTER_TRY(postgres_.execute(kSave));
    return refuse_unfit(unfit);
}

}  // namespace muster
