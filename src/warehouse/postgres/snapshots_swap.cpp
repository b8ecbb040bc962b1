// The swap of a restored table with the one in use (table_snapshots.h):
//   1. references are checked, in both directions, outside the gate
//   2. under the gate: checked again only if a table on the other side has changed since; then two
//      renames, with names of indexes, owner, grants and views, the publication, the versions and
//      the record of the replaced table in one transaction
// A rename waits until the readers of the table are done, and whoever comes after it waits too:
// the lock is asked for again and again, each time for a short while.
#include "core/limits.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/postgres/asides.h"
#include "warehouse/postgres/gates.h"
#include "warehouse/postgres/postgres_table_snapshots.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/postgres/table_parts.h"
#include "warehouse/postgres/tables.h"
#include "warehouse/postgres/transaction_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace muster {
namespace {

constexpr const char* kLockTimedOut = "55P03";
constexpr auto kSwapPause = std::chrono::milliseconds(100);
constexpr std::int64_t kNsPerMs = 1'000'000;

using Versions = std::map<std::string, std::int64_t>;

// The versions of the tables on the other side of a reference.
Result<Versions> versions_around(PgConnection& connection,
                                 const Catalog& catalog,
                                 const Table& table) {
    Versions versions;
    for (const std::string& name : tables_around(catalog, table)) {
        MUSTER_ASSIGN(versions[name], connection.scalar(pg_sql::kVersionSelect, name));
    }
    return versions;
}

// The renames and all that is on record about them, in the caller's transaction.
Result<void> exchange(PgConnection& connection,
                      const SwapRequest& request,
                      std::int64_t now_us,
                      SwapOutcome& outcome) {
    const std::string& name = request.table.name.str();
    const std::string target = sql::identifier(name);
    AsideTable& replaced = outcome.replaced;
    replaced = {.name = "_muster_replaced_" + request.run.str(),
                .kind = AsideTable::Kind::kReplaced,
                .table = request.table.name,
                .run_id = request.run.str()};
    MUSTER_ASSIGN(replaced.table_version, connection.scalar(pg_sql::kVersionSelect, name));
    MUSTER_TRY(hand_over_rights(connection, target, text_of(request.staged)));
    MUSTER_TRY(hand_over_names(connection, target, text_of(request.staged), replaced.name));
    MUSTER_ASSIGN(const auto views, view_statements(connection, target));
    MUSTER_TRY(connection.execute("ALTER TABLE " + target + " RENAME TO " + text_of(replaced) +
                                  ";ALTER TABLE " + text_of(request.staged) + " RENAME TO " +
                                  target));
    for (const std::string& statement : views) {
        MUSTER_TRY(connection.execute(statement));
    }
    MUSTER_ASSIGN(const auto unstaged,
                  connection.change(pg_sql::kAsideDelete, request.staged.name));
    MUSTER_CHECK(unstaged == 1);
    MUSTER_TRY(record_aside(connection, replaced, now_us));
    TableOutcome published;
    published.table = name;
    published.status = "restored";
    MUSTER_ASSIGN(outcome.table_version,
                  record_publication(connection, request.run, published, true, now_us));
    return {};
}

Result<void> list_objects_since(PgConnection& connection,
                                const SwapRequest& request,
                                SwapOutcome& outcome) {
    const std::string& name = request.table.name.str();
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kObjectsSince, name, request.saved_version));
    while (rows.next()) {
        outcome.objects_since.emplace_back(rows.text(0));
    }
    if (request.reload) {
        for (const std::string& object : outcome.objects_since) {
            MUSTER_ASSIGN(const auto forgotten,
                          connection.change(pg_sql::kObjectForget, name, object));
            MUSTER_CHECK(forgotten == 1);
        }
    }
    return {};
}

// Nobody else reads or writes the table any more. False if its readers did not end in time: the
// transaction is good for its rollback only.
Result<bool> lock_table(PgConnection& connection, const std::string& relation) {
    const auto locked = connection.execute(
        fmt::format("SET LOCAL lock_timeout = {}; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;"
                    " SET LOCAL lock_timeout TO DEFAULT",
                    kSwapLockMs,
                    relation));
    if (!locked.ok() && connection.sqlstate() != kLockTimedOut) {
        return locked.error();
    }
    return locked.ok();
}

Error still_read(const Table& table) {
    return {ErrorCode::kBusy,
            "table " + table.name.str() + " is being read without a pause",
            "end the long reports or backups of it, or try again later",
            ""};
}

}  // namespace

Result<SwapOutcome> PostgresTableSnapshots::swap_once(PgConnection& connection,
                                                      const SwapRequest& request,
                                                      const Versions& checked,
                                                      std::string& number,
                                                      bool& unknown) {
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
    MUSTER_TRY(enter_gates(connection, request.table));
    const std::int64_t entered_ns = clock_.monotonic_ns();
    if (!request.force) {
        MUSTER_ASSIGN(const auto now, versions_around(connection, request.catalog, request.table));
        if (now != checked) {
            MUSTER_TRY(refuse_broken_references(restore_queries(connection), request));
        }
    }
    const std::string target = sql::identifier(request.table.name.str());
    MUSTER_ASSIGN(const bool locked, lock_table(connection, target));
    if (!locked) {
        return still_read(request.table);
    }
    MUSTER_TRY(refuse_dependents(connection, target));
    SwapOutcome outcome;
    MUSTER_TRY(list_objects_since(connection, request, outcome));
    MUSTER_TRY(exchange(connection, request, clock_.now_us(), outcome));
    MUSTER_ASSIGN(number, transaction_number(connection));
    auto committed = transaction.commit();
    unknown = transaction.outcome_unknown();
    outcome.gate_us = (clock_.monotonic_ns() - entered_ns) / 1000;
    if (!committed.ok() && !unknown) {
        return std::move(committed).error();
    }
    return outcome;
}

Result<SwapOutcome> PostgresTableSnapshots::swap(const SwapRequest& request) {
    Versions checked;
    {
        MUSTER_ASSIGN(auto lease, pool_.acquire(request.cancel));
        MUSTER_TRY(refuse_dependents(*lease, sql::identifier(request.table.name.str())));
        if (!request.force) {
            MUSTER_ASSIGN(checked, versions_around(*lease, request.catalog, request.table));
            MUSTER_TRY(refuse_broken_references(restore_queries(*lease), request));
        }
    }
    const std::int64_t begun_ns = clock_.monotonic_ns();
    for (;;) {
        std::string number;
        bool unknown = false;
        auto done = [&]() -> Result<SwapOutcome> {
            MUSTER_ASSIGN(auto lease, pool_.acquire(request.cancel));
            return swap_once(*lease, request, checked, number, unknown);
        }();
        if (done.ok() && unknown) {
            const auto outcome = transaction_outcome(pool_, number);
            if (outcome != TransactionOutcome::kCommitted) {
                return Error{ErrorCode::kUnavailable,
                             "the connection was lost while the restored table was put in place",
                             outcome == TransactionOutcome::kAborted
                                 ? "the table is as it was; restore again"
                                 : "look whether the table holds the restored rows",
                             ""};
            }
        }
        if (done.ok()) {
            data_version_.fetch_add(1);
            return done;
        }
        const bool busy = done.error().code == ErrorCode::kBusy || worth_a_retry(done.error());
        if (!busy || (clock_.monotonic_ns() - begun_ns) / kNsPerMs > kSwapWaitMs) {
            return done;
        }
        std::this_thread::sleep_for(kSwapPause);
    }
}

}  // namespace muster
