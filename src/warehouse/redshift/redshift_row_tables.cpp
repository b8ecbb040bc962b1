#include "warehouse/redshift/redshift_row_tables.h"

#include "warehouse/postgres/rows_page.h"
#include "warehouse/postgres/transaction_status.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/gates.h"
#include "warehouse/redshift/rows_job.h"
#include "warehouse/warehouse.h"

#include <algorithm>

namespace muster {
namespace {

constexpr int kWriteAttemptsMax = 4;
constexpr std::int64_t kNsPerMs = 1'000'000;

// Every transaction sees one moment.
Result<PgTransaction> open_snapshot_of(PgConnection& connection, std::string_view /*relation*/) {
    return PgTransaction::open(connection, "READ ONLY");
}

constexpr PageDialect kPages{
    .type_name = redshift::type_name, .compares_rows = false, .open_snapshot = open_snapshot_of};

}  // namespace

Result<std::vector<RowWriteResult>> RedshiftRowTables::write(const Table& table,
                                                             std::span<const RowWrite* const> group,
                                                             std::int64_t gate_wait_ms) {
    const std::int64_t begun_ns = clock_.monotonic_ns();
    for (int number = 1;; ++number) {
        const std::int64_t waited_ms = (clock_.monotonic_ns() - begun_ns) / kNsPerMs;
        auto done = write_once(table, group, std::max<std::int64_t>(0, gate_wait_ms - waited_ms));
        const bool met_another = !done.ok() && done.error().code == ErrorCode::kUnavailable &&
                                 done.error().detail.find("[40001]") != std::string::npos;
        if (!met_another || number == kWriteAttemptsMax) {
            return done;
        }
    }
}

Result<std::vector<RowWriteResult>> RedshiftRowTables::write_once(
    const Table& table, std::span<const RowWrite* const> group, std::int64_t gate_wait_ms) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    PgConnection& connection = *lease;
    MUSTER_ASSIGN(auto transaction, redshift::open_gated(connection, table, gate_wait_ms));
    RedshiftRowsJob job(connection, engine_, table, group, clock_.now_us());
    MUSTER_ASSIGN(auto results, job.run());
    if (!job.wrote()) {
        return results;
    }
    for (const AuditEntry* entry : job.audits()) {
        MUSTER_TRY(warehouse_.state().add_audit(*entry));
    }
    if (auto committed = transaction.commit(); !committed.ok()) {
        return transaction.outcome_unknown()
                   ? outcome_error(committed.error(), TransactionOutcome::kUnknown)
                   : std::move(committed).error();
    }
    if (job.table_changed()) {
        data_version_.fetch_add(1);
    }
    return results;
}

Result<RowPage> RedshiftRowTables::list(const Table& table, const RowQuery& query) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_page(*lease, table, query, kPages);
}

Result<std::optional<Row>> RedshiftRowTables::find(const Table& table, const Row& key) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_row(*lease, table, key, kPages);
}

}  // namespace muster
