#include "warehouse/duckdb/duckdb_row_tables.h"

#include "warehouse/duckdb/rows_job.h"
#include "warehouse/duckdb/rows_page.h"

namespace muster {
namespace {

// A conflict with another writer of the ledger passes by itself.
constexpr int kWriteAttemptsMax = 4;

}  // namespace

Result<std::vector<RowWriteResult>> DuckdbRowTables::write(const Table& table,
                                                           std::span<const RowWrite* const> group,
                                                           std::int64_t gate_wait_ms) {
    MUSTER_ASSIGN(const auto pass, gates_.enter(table, nullptr, gate_wait_ms));
    for (int attempt = 1;; ++attempt) {
        auto written = write_once(table, group);
        if (written.ok() || written.error().code != ErrorCode::kUnavailable ||
            attempt == kWriteAttemptsMax) {
            return written;
        }
    }
}

Result<std::vector<RowWriteResult>> DuckdbRowTables::write_once(
    const Table& table, std::span<const RowWrite* const> group) {
    MUSTER_ASSIGN(auto lease, connections_.lease(engine_));
    bool table_changed = false;
    auto done = [&]() -> Result<std::vector<RowWriteResult>> {
        MUSTER_ASSIGN(auto transaction, Transaction::open(lease->connection()));
        RowsJob job(*lease, table, group, clock_.now_us());
        MUSTER_ASSIGN(auto results, job.run());
        if (job.wrote()) {
            MUSTER_TRY(transaction.commit());
        }
        table_changed = job.table_changed();
        return results;
    }();
    if (!done.ok()) {
        lease.discard();
    } else if (table_changed) {
        data_version_.fetch_add(1);
    }
    return done;
}

Result<RowPage> DuckdbRowTables::list(const Table& table, const RowQuery& query) {
    MUSTER_ASSIGN(auto lease, connections_.lease(engine_));
    auto page = read_page(*lease, table, query);
    if (!page.ok()) {
        lease.discard();
    }
    return page;
}

Result<std::optional<Row>> DuckdbRowTables::find(const Table& table, const Row& key) {
    MUSTER_ASSIGN(auto lease, connections_.lease(engine_));
    auto row = read_row(*lease, table, key);
    if (!row.ok()) {
        lease.discard();
    }
    return row;
}

}  // namespace muster
