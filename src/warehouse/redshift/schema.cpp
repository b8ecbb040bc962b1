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

#include <fmt/format.h>

#include <map>

namespace muster {
namespace {

Result<std::map<std::string, std::string>> stored_schemas(PgConnection& connection) {
    MUSTER_ASSIGN(auto rows, connection.query("SELECT name, schema_json FROM muster.tables"));
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
    return plan_tables(
        catalog,
        schemas,
        redshift::SchemaDialect(catalog),
        [&connection](const TableName& table) -> Result<bool> {
            MUSTER_ASSIGN(const auto found,
                          connection.scalar("SELECT COUNT(*) FROM (SELECT 1 FROM " +
                                            sql::identifier(table.str()) + " LIMIT 1) filled"));
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
        const std::string key = sql::column_list(table.key);
        MUSTER_ASSIGN(const auto shared,
                      connection.scalar(fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} GROUP"
                                                    " BY {} HAVING COUNT(*) > 1) shared",
                                                    sql::identifier(table.name.str()),
                                                    key)));
        if (shared > 0) {
            return Error{ErrorCode::kConflict,
                         fmt::format("table {}: {} values of the new key ({}) stand in more than"
                                     " one row",
                                     table.name.str(),
                                     shared,
                                     key),
                         "mend the rows, or keep the key",
                         ""};
        }
    }
    return {};
}

Result<void> store_schema(PgConnection& connection,
                          const Catalog& catalog,
                          const std::string& name) {
    MUSTER_TRY(connection.change("DELETE FROM muster.tables WHERE name = $1", name));
    if (const Table* table = catalog.find_table(name)) {
        MUSTER_TRY(
            connection.change("INSERT INTO muster.tables (name, schema_json, fingerprint)"
                              " VALUES ($1, $2, $3)",
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
    // Every statement may be repeated: processes that begin at once do no harm to each other.
    MUSTER_TRY(connection.execute("CREATE SCHEMA IF NOT EXISTS muster"));
    for (std::int64_t i = version; i < known; ++i) {
        for (const std::string& statement : steps[static_cast<std::size_t>(i)]) {
            MUSTER_TRY(connection.execute(statement));
        }
    }
    MUSTER_TRY(
        connection.execute("CREATE TABLE IF NOT EXISTS muster.schema_version"
                           " (version BIGINT) DISTSTYLE ALL"));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
    MUSTER_TRY(connection.execute("DELETE FROM muster.schema_version"));
    MUSTER_TRY(connection.execute("INSERT INTO muster.schema_version VALUES (" +
                                  std::to_string(known) + ")"));
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
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    PgConnection& connection = *lease;
    MUSTER_TRY(check_new_keys(connection, catalog));
    for (std::size_t i = 0; i < steps.size();) {
        const std::string& name = steps[i].table;
        MUSTER_TRY(connection.execute(redshift::create_gate(TableName(name))));
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection));
        MUSTER_TRY(connection.execute("LOCK TABLE " + redshift::gate_name(TableName(name))));
        for (; i < steps.size() && steps[i].table == name; ++i) {
            if (auto done = connection.execute(steps[i].sql); !done.ok()) {
                return step_error(steps[i], std::move(done).error());
            }
        }
        MUSTER_TRY(store_schema(connection, catalog, name));
        MUSTER_TRY(transaction.commit());
        data_version_.counter().fetch_add(1);
    }
    return {};
}

}  // namespace muster
