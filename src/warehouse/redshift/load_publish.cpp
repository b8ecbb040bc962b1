// The merge of the staged rows into the table, and the balance. Changed rows are deleted and
// inserted again, found by a join (architecture.md, data flow): Redshift's own MERGE does no
// better.
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/load_sql.h"

#include <fmt/format.h>

namespace muster {

Result<void> RedshiftLoadJob::publish() {
    if (passing() > 0) {
        MUSTER_TRY(classify());
        if (updated_ > 0) {
            MUSTER_TRY(delete_changed());
        }
        if (passing() > matched_ || updated_ > 0) {
            MUSTER_TRY(insert_new());
        }
    }
    return check_balance();
}

Result<void> RedshiftLoadJob::classify() {
    MUSTER_ASSIGN(auto rows, redshift_.query(redshift::classify(table_)));
    while (rows.next()) {
        const std::int64_t changed = rows.int64(1);
        const std::int64_t found = rows.int64(2);
        MUSTER_TRY(add_to_tally(rows.int64(0), changed, &ObjectTally::updated));
        MUSTER_TRY(add_to_tally(rows.int64(0), found - changed, &ObjectTally::unchanged));
        updated_ += changed;
        matched_ += found;
    }
    return {};
}

Result<void> RedshiftLoadJob::delete_changed() {
    MUSTER_ASSIGN(const auto deleted, redshift_.change(redshift::delete_changed(table_)));
    if (deleted != updated_) {
        return Error{ErrorCode::kConflict,
                     fmt::format("table {}: {} rows have changed, but {} were found: its key is not"
                                 " unique any more, or another program writes to it",
                                 table_.name.str(),
                                 updated_,
                                 deleted),
                     "nothing was changed; mend the table, or run again while nobody else writes",
                     ""};
    }
    return {};
}

Result<void> RedshiftLoadJob::insert_new() {
    MUSTER_ASSIGN(const auto written, redshift_.change(redshift::insert_new(table_)));
    inserted_ = written - updated_;
    return {};
}

// The counts come from four places that know nothing of each other: the splitter (read), the rows
// in the clean and reject files, the classification, and what Redshift says it wrote.
Result<void> RedshiftLoadJob::check_balance() {
    MUSTER_ASSIGN(const LoadCounts total, balanced_counts());
    if (total.inserted != inserted_ || total.updated != updated_) {
        return Error{ErrorCode::kInternal,
                     fmt::format("table {} does not balance: {} inserted and {} updated by count,"
                                 " {} and {} by the database",
                                 table_.name.str(),
                                 total.inserted,
                                 total.updated,
                                 inserted_,
                                 updated_),
                     "nothing was changed; please report this",
                     ""};
    }
    return {};
}

}  // namespace muster
