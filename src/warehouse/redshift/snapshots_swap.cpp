// The swap of a restored table with the one in use (table_snapshots.h): under the gate, references
// are checked, then two renames, the publication, the versions and the record of the replaced table
// are one transaction. A rename waits until the readers of the table are done.
#include "core/limits.h"
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/redshift/gates.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/publications.h"
#include "warehouse/redshift/redshift_table_snapshots.h"
#include "warehouse/redshift/snapshots_sql.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace muster {
namespace {

constexpr auto kSwapPause = std::chrono::milliseconds(500);
constexpr int kSwapAttemptsMax = 4;

Result<void> list_objects_since(PgConnection& connection,
                                const SwapRequest& request,
                                SwapOutcome& outcome) {
    const std::string& name = request.table.name.str();
    MUSTER_ASSIGN(auto rows,
                  connection.query(redshift::kObjectsSince, name, request.saved_version));
    while (rows.next()) {
        outcome.objects_since.emplace_back(rows.text(0));
    }
    if (request.reload) {
        for (const std::string& object : outcome.objects_since) {
            MUSTER_TRY(connection.change(pg_sql::kObjectForget, name, object));
        }
    }
    return {};
}

// In the caller's transaction.
Result<void> rename(PgConnection& connection,
                    const Table& table,
                    const AsideTable& replaced,
                    const AsideTable& staged) {
    const std::string target = sql::identifier(table.name.str());
    MUSTER_TRY(redshift::execute_within(
        connection, redshift::rename_table(target, text_of(replaced)), table, kSwapWaitMs));
    return connection.execute(redshift::rename_table(text_of(staged), target));
}

}  // namespace

Result<SwapOutcome> RedshiftTableSnapshots::swap_once(PgConnection& connection,
                                                      const SwapRequest& request,
                                                      bool& unknown) {
    MUSTER_ASSIGN(auto transaction, redshift::open_gated(connection, request.table, kSwapWaitMs));
    const std::int64_t entered_ns = clock_.monotonic_ns();
    if (!request.force) {
        MUSTER_TRY(refuse_broken_references(restore_queries(connection), request));
    }
    SwapOutcome outcome;
    MUSTER_TRY(list_objects_since(connection, request, outcome));
    const std::string& name = request.table.name.str();
    outcome.replaced = {.name = "_muster_replaced_" + request.run.str(),
                        .kind = AsideTable::Kind::kReplaced,
                        .table = request.table.name,
                        .run_id = request.run.str()};
    MUSTER_ASSIGN(outcome.replaced.table_version, connection.scalar(pg_sql::kVersionSelect, name));
    MUSTER_TRY(rename(connection, request.table, outcome.replaced, request.staged));
    MUSTER_TRY(connection.change(pg_sql::kAsideDelete, request.staged.name));
    MUSTER_TRY(record_aside(connection, outcome.replaced, clock_.now_us()));
    TableOutcome published;
    published.table = name;
    published.status = "restored";
    MUSTER_ASSIGN(
        outcome.table_version,
        redshift::record_publication(connection, request.run, published, true, clock_.now_us()));
    auto committed = transaction.commit();
    unknown = transaction.outcome_unknown();
    outcome.gate_us = (clock_.monotonic_ns() - entered_ns) / 1000;
    if (!committed.ok() && !unknown) {
        return std::move(committed).error();
    }
    return outcome;
}

// Whether the swap whose COMMIT got no answer was committed: once the gate is free it shows.
Result<bool> RedshiftTableSnapshots::swapped(const SwapRequest& request) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto transaction, redshift::open_gated(*lease, request.table, kOutcomeWaitMs));
    MUSTER_ASSIGN(const auto published,
                  redshift::published_outcome(*lease, request.run, request.table.name.str()));
    return published.has_value();
}

Result<SwapOutcome> RedshiftTableSnapshots::swap(const SwapRequest& request) {
    for (int tried = 1;; ++tried) {
        bool unknown = false;
        auto done = [&]() -> Result<SwapOutcome> {
            MUSTER_ASSIGN(auto lease, pool_.acquire(request.cancel));
            auto swapped = swap_once(*lease, request, unknown);
            if (!swapped.ok() && lease->usable()) {
                MUSTER_TRY(redshift::forget_wait(*lease));
            }
            return swapped;
        }();
        if (done.ok() && unknown) {
            const auto there = swapped(request);
            if (!there.ok() || !*there) {
                return Error{ErrorCode::kUnavailable,
                             "the connection was lost while the restored table was put in place",
                             there.ok() ? "the table is as it was; restore again"
                                        : "look whether the table holds the restored rows",
                             there.ok() ? "" : there.error().message};
            }
        }
        if (done.ok()) {
            data_version_.fetch_add(1);
            return done;
        }
        if (!retryable(done.error().code) || tried == kSwapAttemptsMax) {
            return done;
        }
        std::this_thread::sleep_for(kSwapPause);
    }
}

Result<void> RedshiftTableSnapshots::drop(const AsideTable& aside) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease));
    MUSTER_TRY(lease->execute(redshift::drop_aside(text_of(aside))));
    MUSTER_TRY(lease->change(pg_sql::kAsideDelete, aside.name));
    return transaction.commit();
}

Result<std::vector<AsideTable>> RedshiftTableSnapshots::asides() {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_asides(*lease);
}

}  // namespace muster
