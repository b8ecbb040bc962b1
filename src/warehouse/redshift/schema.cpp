// The schema `muster` and the tables of the catalog (architecture.md, decision 13). What ALTER
// TABLE cannot do in Redshift (another type, NOT NULL, the columns that rows are spread and sorted
// by) is done by building the table anew beside it and renaming, in one transaction.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_diff.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/gates.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/redshift_warehouse.h"
#include "warehouse/redshift/schema_dialect.h"
#include "warehouse/redshift/snapshots_sql.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <span>
#include <thread>

namespace muster {
namespace {

constexpr int kCreateAttemptsMax = 5;
constexpr auto kCreatePause = std::chrono::milliseconds(100);  // times the number of attempts

Result<std::map<std::string, std::string>> stored_schemas(PgConnection& connection) {
    MUSTER_ASSIGN(auto rows, connection.query(redshift::kTablesSelect));
    std::map<std::string, std::string> schemas;
    while (rows.next()) {
        schemas.emplace(std::string(rows.text(0)), std::string(rows.text(1)));
    }
    return schemas;
}

Result<std::vector<MigrationStep>> plan(PgConnection& connection, const Catalog& catalog) {
    for (const Table& table : catalog.tables) {
        MUSTER_TRY(redshift::check_types(table));
    }
    MUSTER_ASSIGN(const auto schemas, stored_schemas(connection));
    return plan_tables(catalog,
                       schemas,
                       redshift::SchemaDialect(catalog),
                       [&connection](const TableName& table) -> Result<bool> {
                           MUSTER_ASSIGN(const auto found,
                                         connection.scalar(redshift::count_some(table)));
                           return found == 0;
                       });
}

// A new key must tell the rows apart: nothing in Redshift would.
Result<void> check_new_keys(PgConnection& connection, const Catalog& catalog) {
    MUSTER_ASSIGN(const auto schemas, stored_schemas(connection));
    for (const Table& table : catalog.tables) {
        const auto at = schemas.find(table.name.str());
        if (at == schemas.end()) {
            continue;
        }
        MUSTER_ASSIGN(const auto stored, parse_stored_schema(at->second));
        bool there = stored.key != table.key;
        for (const std::string& name : table.key) {
            there = there && std::any_of(stored.columns.begin(),
                                         stored.columns.end(),
                                         [&](const auto& column) { return column.name == name; });
        }
        if (!there) {
            continue;
        }
        MUSTER_ASSIGN(const auto shared, connection.scalar(redshift::count_shared_keys(table)));
        if (shared > 0) {
            return Error{ErrorCode::kConflict,
                         fmt::format("table {}: {} values of the new key ({}) stand in more than"
                                     " one row",
                                     table.name.str(),
                                     shared,
                                     sql::column_list(table.key)),
                         "mend the rows, or keep the key",
                         ""};
        }
    }
    return {};
}

Result<void> store_schema(PgConnection& connection,
                          const Catalog& catalog,
                          const std::string& name) {
    MUSTER_TRY(connection.change(redshift::kTableDelete, name));
    if (const Table* table = catalog.find_table(name)) {
        MUSTER_TRY(connection.change(redshift::kTableInsert,
                                     name,
                                     stored_schema_json(stored_schema(*table)),
                                     schema_fingerprint(*table)));
    }
    // The name '' counts the changes of tables, for DataVersion.
    MUSTER_ASSIGN(const auto version, connection.scalar(pg_sql::kVersionSelect, std::string()));
    return set_table_version(connection, "", version + 1);
}

Result<void> check_version(std::int64_t version, std::int64_t known) {
    if (version <= known) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 fmt::format("the database was written by a newer muster (ledger version {}, this"
                             " program knows {})",
                             version,
                             known),
                 "use that version of muster",
                 ""};
}

// CREATE ... IF NOT EXISTS, outside a transaction. Of processes that begin at once it may fail in
// one; what the other one has made is there the next time.
Result<void> create_shared(PgConnection& connection, const std::string& statement) {
    for (int tried = 1;; ++tried) {
        auto done = connection.execute(statement);
        const bool met_another = !done.ok() && (done.error().code == ErrorCode::kConflict ||
                                                done.error().code == ErrorCode::kInternal);
        if (!met_another || tried == kCreateAttemptsMax) {
            return done;
        }
        std::this_thread::sleep_for(kCreatePause * tried);
    }
}

// Most often there is nothing to do: no reason to wait for anybody.
Result<void> prepare_schema(PgConnection& connection) {
    const auto& steps = redshift::migrations();
    const auto known = static_cast<std::int64_t>(steps.size());
    std::int64_t version = 0;
    MUSTER_ASSIGN(const auto there, connection.scalar(redshift::kSchemaThere));
    if (there != 0) {
        MUSTER_ASSIGN(version, connection.scalar(redshift::kSchemaVersion));
    }
    MUSTER_TRY(check_version(version, known));
    if (version == known) {
        return {};
    }
    MUSTER_TRY(create_shared(connection, redshift::kSchemaCreate));
    MUSTER_TRY(create_shared(connection, redshift::kVersionCreate));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
    MUSTER_TRY(connection.execute(redshift::kVersionLock));
    MUSTER_ASSIGN(version, connection.scalar(redshift::kSchemaVersion));
    MUSTER_TRY(check_version(version, known));
    for (std::int64_t i = version; i < known; ++i) {
        for (const std::string& statement : steps[static_cast<std::size_t>(i)]) {
            MUSTER_TRY(connection.execute(statement));
        }
    }
    MUSTER_TRY(connection.execute(redshift::kVersionDelete));
    MUSTER_TRY(connection.change(redshift::kVersionInsert, known));
    return transaction.commit();
}

// The steps of one table. Whoever enters its gate second finds them done.
Result<void> migrate_table(PgConnection& connection,
                           const Catalog& catalog,
                           const std::string& name,
                           std::span<const MigrationStep> steps) {
    const TableName table(name);
    MUSTER_TRY(create_shared(connection, redshift::create_gate(table)));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
    MUSTER_TRY(connection.execute(redshift::lock_gate(table)));
    const Table* wanted = catalog.find_table(name);
    MUSTER_ASSIGN(auto stored, connection.query(pg_sql::kSchemaSelect, name));
    const bool there = stored.next();
    if (wanted == nullptr ? !there
                          : there && stored.text(0) == stored_schema_json(stored_schema(*wanted))) {
        return {};
    }
    for (const MigrationStep& step : steps) {
        if (auto done = connection.execute(step.sql); !done.ok()) {
            return step_error(step, std::move(done).error());
        }
    }
    MUSTER_TRY(store_schema(connection, catalog, name));
    return transaction.commit();
}

}  // namespace

Result<void> RedshiftWarehouse::prepare() {
    MUSTER_TRY(staging_.check());
    MUSTER_TRY(attempt(pool_, prepare_schema));
    return has_state_ ? state_->prepare() : Result<void>();
}

Result<std::vector<MigrationStep>> RedshiftWarehouse::plan_migration(const Catalog& catalog) {
    return attempt(pool_, [&](PgConnection& connection) { return plan(connection, catalog); });
}

Result<void> RedshiftWarehouse::migrate(const Catalog& catalog, bool all) {
    MUSTER_ASSIGN(const auto steps, plan_migration(catalog));
    if (steps.empty()) {
        return {};
    }
    MUSTER_TRY(check_plan(steps, all));
    MUSTER_TRY(attempt(
        pool_, [&](PgConnection& connection) { return check_new_keys(connection, catalog); }));
    for (std::size_t i = 0; i < steps.size();) {
        const std::string& name = steps[i].table;
        const std::size_t first = i;
        while (i < steps.size() && steps[i].table == name) {
            ++i;
        }
        const auto own = std::span(steps).subspan(first, i - first);
        MUSTER_TRY(attempt(pool_, [&](PgConnection& connection) {
            return migrate_table(connection, catalog, name, own);
        }));
        data_version_.counter().fetch_add(1);
    }
    return {};
}

}  // namespace muster
