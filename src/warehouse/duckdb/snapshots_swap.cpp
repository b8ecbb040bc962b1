// The swap of a restored table with the one in use (table_snapshots.h):
//   1. references are checked, in both directions, outside the gate
//   2. under the gate: checked again only if a table on the other side has changed since; then two
//      renames, the publication, the versions and the record of the replaced table in one
//      transaction
//   3. a checkpoint, still under the gate, so that no row of this table follows DDL in the log
#include "warehouse/duckdb/duckdb_table_snapshots.h"
#include "warehouse/duckdb/publications.h"
#include "warehouse/duckdb/snapshots_sql.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

// The versions of the tables on the other side of a reference.
Result<std::map<std::string, std::int64_t>> versions_around(Connection& connection,
                                                            const Catalog& catalog,
                                                            const Table& table) {
    std::map<std::string, std::int64_t> versions;
    for (const std::string& name : tables_around(catalog, table)) {
        MUSTER_ASSIGN(versions[name],
                      connection.scalar(sql::kTableVersion, std::string_view(name)));
    }
    return versions;
}

// The renames and all that is on record about them, in the caller's transaction.
Result<void> exchange(Connection& connection,
                      const SwapRequest& request,
                      std::int64_t now_us,
                      SwapOutcome& outcome) {
    const std::string_view name = request.table.name.str();
    AsideTable& replaced = outcome.replaced;
    replaced = {.name = "_muster_replaced_" + request.run.str(),
                .kind = AsideTable::Kind::kReplaced,
                .table = request.table.name,
                .run_id = request.run.str()};
    MUSTER_ASSIGN(replaced.table_version, connection.scalar(sql::kTableVersion, name));
    MUSTER_TRY(connection.execute("ALTER TABLE " + sql::target(request.table.name) + " RENAME TO " +
                                  sql_identifier(replaced.name) + ";ALTER TABLE " +
                                  sql::target(TableName(request.staged.name)) + " RENAME TO " +
                                  sql_identifier(name)));
    MUSTER_ASSIGN(const auto unstaged,
                  connection.change(sql::kAsideDelete, std::string_view(request.staged.name)));
    MUSTER_CHECK(unstaged == 1);
    MUSTER_TRY(record_aside(connection, replaced, now_us));
    TableOutcome published;
    published.table = name;
    published.status = "restored";
    MUSTER_ASSIGN(outcome.table_version,
                  record_publication(connection, request.run, published, true, now_us));
    return {};
}

Result<void> list_objects_since(Connection& connection,
                                const SwapRequest& request,
                                SwapOutcome& outcome) {
    const std::string_view name = request.table.name.str();
    {
        MUSTER_ASSIGN(auto rows, connection.query(sql::kObjectsSince, name, request.saved_version));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            outcome.objects_since.emplace_back(rows.text(0));
        }
    }
    if (request.reload) {
        for (const std::string& object : outcome.objects_since) {
            MUSTER_ASSIGN(const auto forgotten,
                          connection.change(sql::kObjectDelete, name, std::string_view(object)));
            MUSTER_CHECK(forgotten == 1);
        }
    }
    return {};
}

}  // namespace

Result<std::vector<BrokenReference>> DuckdbTableSnapshots::broken_references(
    const Catalog& catalog,
    const Table& table,
    const AsideTable& staged,
    const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    return find_broken_references(restore_queries(connection), catalog, table, staged.name);
}

Result<SwapOutcome> DuckdbTableSnapshots::swap(const SwapRequest& request) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    std::map<std::string, std::int64_t> checked;
    if (!request.force) {
        const InterruptGuard guard(connection, request.cancel);
        MUSTER_ASSIGN(checked, versions_around(connection, request.catalog, request.table));
        MUSTER_TRY(refuse_broken_references(restore_queries(connection), request));
    }
    MUSTER_ASSIGN(const auto pass, gates_.enter(request.table, request.cancel));
    const std::int64_t entered_ns = clock_.monotonic_ns();
    SwapOutcome outcome;
    schema_epoch_.fetch_add(1);
    {
        MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
        if (!request.force) {
            MUSTER_ASSIGN(const auto now,
                          versions_around(connection, request.catalog, request.table));
            if (now != checked) {
                MUSTER_TRY(refuse_broken_references(restore_queries(connection), request));
            }
        }
        MUSTER_TRY(list_objects_since(connection, request, outcome));
        MUSTER_TRY(exchange(connection, request, clock_.now_us(), outcome));
        MUSTER_TRY(transaction.commit());
    }
    schema_epoch_.fetch_add(1);
    data_version_.fetch_add(1);
    // The swap is done, whatever becomes of the checkpoint: the next one makes up for it.
    (void)checkpoint_after_ddl(engine_);
    outcome.gate_us = (clock_.monotonic_ns() - entered_ns) / 1000;
    return outcome;
}

}  // namespace muster
