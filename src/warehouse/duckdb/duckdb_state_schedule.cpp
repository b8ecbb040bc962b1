// The state store's schedules: since when jobs are scheduled, and their occurrences.
#include "warehouse/duckdb/duckdb_state_store.h"
#include "warehouse/duckdb/state_sql.h"

namespace muster {

using std::string_view;

Result<std::int64_t> DuckdbStateStore::scheduled_since(string_view job,
                                                       string_view definition,
                                                       std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    std::int64_t since_us = now_us;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(auto rows, connection.query(sql::kScheduleSelect, job, definition));
        MUSTER_ASSIGN(const bool found, rows.next());
        since_us = found ? rows.int64(0) : now_us;
        if (found) {
            return {};
        }
        MUSTER_TRY(change_rows(connection, sql::kScheduleDelete, job));
        return change_rows(connection, sql::kScheduleInsert, job, definition, now_us);
    };
    MUSTER_TRY(write_state(engine_, steps));
    return since_us;
}

Result<bool> DuckdbStateStore::claim_occurrence(string_view job,
                                                std::int64_t planned_at_us,
                                                std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    bool claimed = false;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(const auto known,
                      connection.scalar(sql::kOccurrenceCount, job, planned_at_us));
        claimed = known == 0;
        return claimed ? change_rows(connection, sql::kOccurrenceInsert, job, planned_at_us, now_us)
                       : Result<void>{};
    };
    MUSTER_TRY(write_state(engine_, steps));
    return claimed;
}

Result<void> DuckdbStateStore::finish_occurrence(string_view job,
                                                 std::int64_t planned_at_us,
                                                 string_view outcome,
                                                 string_view detail,
                                                 std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_, [&](Connection& connection) {
        return change_rows(
            connection, sql::kOccurrenceFinish, now_us, outcome, detail, job, planned_at_us);
    });
}

Result<std::int64_t> DuckdbStateStore::interrupt_occurrences(string_view job, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    std::int64_t interrupted = 0;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(interrupted, connection.change(sql::kOccurrenceInterrupt, now_us, job));
        return {};
    };
    MUSTER_TRY(write_state(engine_, steps));
    return interrupted;
}

Result<std::optional<OccurrenceRecord>> DuckdbStateStore::last_occurrence(string_view job,
                                                                          std::int64_t until_us) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kOccurrenceLast, job, until_us));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return std::optional<OccurrenceRecord>{};
    }
    return std::optional{OccurrenceRecord{.planned_at_us = rows.int64(0),
                                          .claimed_at_us = rows.int64(1),
                                          .finished_at_us = rows.int64(2),
                                          .outcome = std::string(rows.text(3)),
                                          .detail = std::string(rows.text(4))}};
}

}  // namespace muster
