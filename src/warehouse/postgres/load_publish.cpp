// The merge of the staged rows into the table, and the balance.
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

constexpr std::int64_t kSampleRows = 1000;

}  // namespace

Result<void> PostgresLoadJob::merge() {
    if (passing() > 0) {
        MUSTER_ASSIGN(const bool empty, target_empty());
        if (!empty) {
            MUSTER_TRY(analyze_stage());
            MUSTER_ASSIGN(const bool at_once, mostly_changed());
            MUSTER_TRY(at_once ? update_at_once() : update_counted_before());
        }
        if (passing() > matched_) {
            MUSTER_ASSIGN(inserted_, insert_from(kStagedRows, matched_ > 0));
        }
        MUSTER_TRY(postgres_.execute(kCheckDeferred));
    }
    return check_balance();
}

// Judged by a few: if most rows change, it does not pay to count them before.
Result<bool> PostgresLoadJob::mostly_changed() {
    MUSTER_ASSIGN(const auto changed,
                  postgres_.scalar(fmt::format(
                      "SELECT count(*) FROM (SELECT * FROM {} LIMIT {}) s JOIN {} t ON {} WHERE {}",
                      kStagedRows,
                      kSampleRows,
                      sql::identifier(table_.name.str()),
                      sql::key_equal(table_, "t.", "s."),
                      sql::values_differ(table_, "s.", "t."))));
    return changed > std::min(passing(), kSampleRows) / 2;
}

// By object. What the rows of several objects came from is asked for row by row, a tenth of the
// time.
Result<std::map<std::int64_t, std::int64_t>> PostgresLoadJob::update_counted() {
    std::map<std::int64_t, std::int64_t> updated;
    if (request_.objects.size() == 1) {
        MUSTER_ASSIGN(updated[static_cast<std::int64_t>(request_.objects.front().scan.ordinal)],
                      update_from(kStagedRows));
        return updated;
    }
    MUSTER_ASSIGN(auto changed,
                  postgres_.query("WITH changed AS (" + update_sql(kStagedRows) +
                                  " RETURNING s._position >> 48 AS ordinal) SELECT ordinal,"
                                  " count(*) FROM changed GROUP BY 1"));
    while (changed.next()) {
        updated[changed.int64(0)] = changed.int64(1);
    }
    return updated;
}

// Updates first; what was there and did not change is counted only if there may be any. Rows that
// differ even then (a trigger rewrote or kept them, row security hid them) are counted before.
Result<void> PostgresLoadJob::update_at_once() {
    MUSTER_ASSIGN(auto updated, update_counted());
    for (const auto& [ordinal, rows] : updated) {
        MUSTER_TRY(add_to_tally(ordinal, rows, &ObjectTally::updated));
        updated_ += rows;
    }
    matched_ = updated_;
    if (updated_ == passing()) {
        return {};
    }
    MUSTER_ASSIGN(
        auto there,
        postgres_.query(fmt::format("SELECT s._position >> 48, count(*), count(*) FILTER (WHERE {})"
                                    " FROM {} s JOIN {} t ON {} GROUP BY 1",
                                    sql::values_differ(table_, "s.", "t."),
                                    kStagedRows,
                                    sql::identifier(table_.name.str()),
                                    sql::key_equal(table_, "t.", "s."))));
    matched_ = 0;
    while (there.next()) {
        if (there.int64(2) > 0) {
            MUSTER_TRY(undo_merge());
            MUSTER_TRY(analyze_stage());
            return update_counted_before();
        }
        matched_ += there.int64(1);
        MUSTER_TRY(add_to_tally(
            there.int64(0), there.int64(1) - updated[there.int64(0)], &ObjectTally::unchanged));
    }
    return {};
}

Result<void> PostgresLoadJob::update_counted_before() {
    MUSTER_TRY(classify());
    return updated_ > 0 ? update_changed() : Result<void>();
}

// Staged rows whose key is in the target, by object, and whether any value differs.
Result<void> PostgresLoadJob::classify() {
    const std::string differ = sql::values_differ(table_, "s.", "t.");
    MUSTER_ASSIGN(
        auto rows,
        postgres_.query(fmt::format(
            "SELECT s._position >> 48, count(*) FILTER (WHERE {0}), count(*) FILTER (WHERE NOT {0})"
            " FROM {1} s JOIN {2} t ON {3} GROUP BY 1",
            differ,
            kStagedRows,
            sql::identifier(table_.name.str()),
            sql::key_equal(table_, "t.", "s."))));
    while (rows.next()) {
        MUSTER_TRY(add_to_tally(rows.int64(0), rows.int64(1), &ObjectTally::updated));
        MUSTER_TRY(add_to_tally(rows.int64(0), rows.int64(2), &ObjectTally::unchanged));
        updated_ += rows.int64(1);
        matched_ += rows.int64(1) + rows.int64(2);
    }
    return {};
}

Result<void> PostgresLoadJob::update_changed() {
    MUSTER_ASSIGN(const auto changed, update_from(kStagedRows));
    if (changed != updated_) {
        return Error{ErrorCode::kConflict,
                     fmt::format("table {}: {} rows have changed, but {} were updated: another"
                                 " program writes to the table",
                                 table_.name.str(),
                                 updated_,
                                 changed),
                     "nothing was changed; run again while nobody else writes",
                     ""};
    }
    return {};
}

// "" if the table has nothing but its key.
std::string PostgresLoadJob::update_sql(const std::string& staged) const {
    std::string set;
    for (const Column& column : table_.columns) {
        if (!table_.is_key(column.name)) {
            const std::string name = sql::identifier(column.name);
            set += fmt::format("{}{} = s.{}", set.empty() ? "" : ", ", name, name);
        }
    }
    if (set.empty()) {
        return "";
    }
    return fmt::format("UPDATE {} t SET {} FROM {} s WHERE {} AND {}",
                       sql::identifier(table_.name.str()),
                       set,
                       staged,
                       sql::key_equal(table_, "t.", "s."),
                       sql::values_differ(table_, "s.", "t."));
}

Result<std::int64_t> PostgresLoadJob::update_from(const std::string& staged) {
    const std::string update = update_sql(staged);
    return update.empty() ? Result<std::int64_t>(std::int64_t{0}) : postgres_.change(update);
}

Result<std::int64_t> PostgresLoadJob::insert_from(const std::string& staged, bool some_are_there) {
    const std::string target = sql::identifier(table_.name.str());
    const std::string fresh = !some_are_there
                                  ? ""
                                  : fmt::format(" WHERE NOT EXISTS (SELECT FROM {} t WHERE {})",
                                                target,
                                                sql::key_equal(table_, "t.", "s."));
    return postgres_.change(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} s{}",
                                        target,
                                        sql::column_list(table_),
                                        sql::column_list(table_, "s."),
                                        staged,
                                        fresh));
}

// The counts come from four places that know nothing of each other: the splitter (read), the rows
// in the clean and reject files, the classification, and what PostgreSQL says it wrote.
Result<void> PostgresLoadJob::check_balance() {
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
