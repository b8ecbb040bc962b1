// The state store's schedules: since when jobs are scheduled, and their occurrences.
#include "warehouse/detail/lease_time.h"
#include "warehouse/postgres/postgres_state_store.h"
#include "warehouse/postgres/state_sql.h"
#include "warehouse/postgres/state_write.h"

namespace muster {

using std::string_view;

Result<std::int64_t> PostgresStateStore::scheduled_since(string_view job,
                                                         string_view definition,
                                                         std::int64_t now_us) {
    std::int64_t since_us = now_us;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(since_us, connection.scalar(pg_sql::kScheduleSince, job, definition, now_us));
        return {};
    };
    MUSTER_TRY(write_state(pool_, steps));
    return since_us;
}

Result<bool> PostgresStateStore::claim_occurrence(string_view job,
                                                  std::int64_t planned_at_us,
                                                  std::int64_t now_us) {
    std::int64_t claimed = 0;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(
            claimed,
            connection.change(
                pg_sql::kOccurrenceInsert, job, planned_at_us, now_us, holder_.owner(), kLeaseUs));
        return {};
    };
    MUSTER_TRY(write_state(pool_, steps));
    if (claimed != 0) {
        holder_.begin();
    }
    return claimed != 0;
}

Result<void> PostgresStateStore::finish_occurrence(string_view job,
                                                   std::int64_t planned_at_us,
                                                   string_view outcome,
                                                   string_view detail,
                                                   std::int64_t now_us) {
    MUSTER_TRY(write_state(pool_, [&](PgConnection& connection) {
        return change_rows(
            connection, pg_sql::kOccurrenceFinish, now_us, outcome, detail, job, planned_at_us);
    }));
    // Else it is held: who called has the outcome and writes it again, so nobody marks it as
    // interrupted before this process ends.
    holder_.end();
    return {};
}

Result<std::int64_t> PostgresStateStore::interrupt_occurrences(string_view job,
                                                               std::int64_t now_us) {
    std::int64_t interrupted = 0;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(
            interrupted,
            connection.change(pg_sql::kOccurrenceInterrupt, now_us, job, holder_.owner()));
        return {};
    };
    MUSTER_TRY(write_state(pool_, steps));
    return interrupted;
}

Result<std::optional<OccurrenceRecord>> PostgresStateStore::last_occurrence(string_view job,
                                                                            std::int64_t until_us) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kOccurrenceLast, job, until_us));
    if (!rows.next()) {
        return std::optional<OccurrenceRecord>{};
    }
    return std::optional{OccurrenceRecord{.planned_at_us = rows.int64(0),
                                          .claimed_at_us = rows.int64(1),
                                          .finished_at_us = rows.int64(2),
                                          .outcome = std::string(rows.text(3)),
                                          .detail = std::string(rows.text(4))}};
}

}  // namespace muster
