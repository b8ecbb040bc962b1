// The merge of the staged rows into the table, and the balance. Changed rows are deleted and inserted
// again, found by a join (architecture.md, data flow): Redshift's own MERGE does no better.
#include "core/limits.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/load_job.h"

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

// By the object they came from: how many rows have changed, and how many have not.
Result<void> RedshiftLoadJob::classify() {
    MUSTER_ASSIGN(
        auto rows,
        redshift_.query(fmt::format(
            "SELECT m.ordinal, SUM(m.changed), COUNT(*) FROM (SELECT s._position / {} AS ordinal,"
            " CASE WHEN {} THEN 1 ELSE 0 END AS changed FROM muster_stage s JOIN {} t ON {}) m"
            " GROUP BY m.ordinal",
            std::int64_t{1} << kPositionOffsetBits,
            redshift::values_differ(table_, "s.", "t."),
            sql::identifier(table_.name.str()),
            redshift::key_equal(table_, "t.", "s."))));
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
    const std::string target = sql::identifier(table_.name.str());
    MUSTER_ASSIGN(const auto deleted,
                  redshift_.change(fmt::format("DELETE FROM {} USING muster_stage WHERE {} AND {}",
                                               target,
                                               redshift::key_equal(table_, target + ".", "muster_stage."),
                                               redshift::values_differ(
                                                   table_, "muster_stage.", target + "."))));
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
    const std::string target = sql::identifier(table_.name.str());
    MUSTER_ASSIGN(const auto written,
                  redshift_.change(fmt::format(
                      "INSERT INTO {0} ({1}) SELECT {2} FROM muster_stage s LEFT JOIN {0} t ON {3}"
                      " WHERE t.{4} IS NULL",
                      target,
                      sql::column_list(table_),
                      sql::column_list(table_, "s."),
                      redshift::key_equal(table_, "t.", "s."),
                      sql::identifier(table_.key.front()))));
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
