#include "warehouse/postgres/postgres_row_tables.h"

#include "warehouse/postgres/gates.h"
#include "warehouse/postgres/refusals.h"
#include "warehouse/postgres/rows_job.h"
#include "warehouse/postgres/rows_page.h"
#include "warehouse/postgres/tables.h"
#include "warehouse/postgres/transaction_status.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace muster {
namespace {

constexpr int kWriteAttemptsMax = 4;
constexpr std::int64_t kNsPerMs = 1'000'000;

// A table that was changed by somebody who does not ask for the gate.
bool met_somebody(const Error& error, std::string_view sqlstate) {
    constexpr std::string_view kPlanOutdated = "0A000";
    return worth_a_retry(error) || sqlstate == kPlanOutdated;
}

constexpr const char* kSave = "SAVEPOINT muster_group";
constexpr const char* kUndo = "ROLLBACK TO SAVEPOINT muster_group";

using NewJob = std::function<PgRowsJob&()>;

// Each job sees the group without the rows that were refused before; the last one's are written.
// `sqlstate` is set if it fails by a state that the connection no longer has.
Result<std::vector<RowWriteResult>> run_around_refused(PgConnection& connection,
                                                       const NewJob& new_job,
                                                       std::string& sqlstate) {
    PgRowsJob::Refused refused;
    MUSTER_TRY(connection.execute(kSave));
    while (true) {
        PgRowsJob& job = new_job();
        auto done = job.run_without(refused);
        if (done.ok() || !connection.usable() || !refuses_rows(connection.sqlstate())) {
            return done;
        }
        const std::string refused_by = connection.sqlstate();
        MUSTER_TRY(connection.execute(kUndo));
        MUSTER_ASSIGN(const auto found, job.find_refused());
        MUSTER_TRY(connection.execute(kUndo));
        if (found.empty()) {
            sqlstate = refused_by;
            return done;  // of somebody who writes as well
        }
        refused.insert(found.begin(), found.end());
    }
}

}  // namespace

Result<std::vector<RowWriteResult>> PostgresRowTables::write(const Table& table,
                                                             std::span<const RowWrite* const> group,
                                                             std::int64_t gate_wait_ms) {
    const std::int64_t begun_ns = clock_.monotonic_ns();
    bool around_refused = false;
    for (int number = 1;; ++number) {
        const std::int64_t waited_ms = (clock_.monotonic_ns() - begun_ns) / kNsPerMs;
        const std::int64_t left_ms = std::max<std::int64_t>(0, gate_wait_ms - waited_ms);
        Attempt attempt = write_once(table, group, left_ms, around_refused);
        if (!attempt.again || number == kWriteAttemptsMax) {
            return std::move(attempt.results);
        }
        around_refused = around_refused || attempt.refused;
    }
}

PostgresRowTables::Attempt PostgresRowTables::write_once(const Table& table,
                                                         std::span<const RowWrite* const> group,
                                                         std::int64_t gate_wait_ms,
                                                         bool around_refused) {
    auto acquired = pool_.acquire();
    if (!acquired.ok()) {
        return {std::move(acquired).error()};
    }
    auto lease = std::move(acquired).value();
    PgConnection& connection = *lease;
    bool table_changed = false;
    std::optional<Error> unsettled;  // of a commit that got no answer
    std::string number;
    std::string sqlstate;
    auto done = [&]() -> Result<std::vector<RowWriteResult>> {
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
        MUSTER_TRY(enter_gates(connection, table, gate_wait_ms));
        std::optional<PgRowsJob> job;
        const auto new_job = [&]() -> PgRowsJob& {
            return job.emplace(connection, engine_, table, group, clock_.now_us());
        };
        auto judged =
            around_refused ? run_around_refused(connection, new_job, sqlstate) : new_job().run();
        if (!judged.ok()) {
            if (sqlstate.empty()) {
                sqlstate = connection.sqlstate();  // the rollback makes it forget
            }
            return judged;
        }
        auto results = std::move(judged).value();
        table_changed = job->table_changed();
        if (job->wrote()) {
            MUSTER_ASSIGN(number, transaction_number(connection));
            const auto committed = transaction.commit();
            sqlstate = connection.sqlstate();
            if (!committed.ok() && transaction.outcome_unknown()) {
                unsettled = committed.error();
            } else {
                MUSTER_TRY(committed);
            }
        }
        return results;
    }();
    if (!done.ok()) {
        const bool refused = refuses_rows(sqlstate);
        const bool again = refused || met_somebody(done.error(), sqlstate);
        return {std::move(done), again, refused};
    }
    if (unsettled) {
        const auto outcome = transaction_outcome(pool_, number);
        if (outcome != TransactionOutcome::kCommitted) {
            return {outcome_error(*unsettled, outcome), outcome == TransactionOutcome::kAborted};
        }
    }
    if (table_changed) {
        data_version_.fetch_add(1);
    }
    return {std::move(done)};
}

Result<RowPage> PostgresRowTables::list(const Table& table, const RowQuery& query) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_page(*lease, table, query, postgres_pages());
}

Result<std::optional<Row>> PostgresRowTables::find(const Table& table, const Row& key) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_row(*lease, table, key, postgres_pages());
}

}  // namespace muster
