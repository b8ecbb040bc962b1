// The schema `muster` and the tables of the catalog (architecture.md, decision 13). Processes that
// prepare or migrate at once wait for each other.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_diff.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/postgres/tables.h"

#include <map>

namespace muster {

namespace {

constexpr const char* kSchemaLock =
    "SELECT pg_advisory_xact_lock(hashtextextended('muster schema', 0))";
// Asked of the catalogs themselves: to_regclass() may answer from before the lock was waited for.
constexpr const char* kVersionThere =
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'muster' AND c.relname = 'schema_version'";
constexpr const char* kSchemaThere = "SELECT count(*) FROM pg_namespace WHERE nspname = 'muster'";

class PostgresDialect final : public SchemaDialect {
  public:
    std::string create_table(const Table& table) const override {
        return pg_sql::create_table(table, sql::identifier(table.name.str()));
    }
    std::string drop_table(const TableName& table) const override {
        return "DROP TABLE " + sql::identifier(table.str());
    }
    std::string add_column(const Table& table, const Column& column) const override {
        return alter(table) + "ADD COLUMN " + pg_sql::column_definition(table, column);
    }
    std::string drop_column(const Table& table, const std::string& column) const override {
        return alter(table) + "DROP COLUMN " + sql::identifier(column);
    }
    std::string change_type(const Table& table, const Column& column) const override {
        const std::string name = sql::identifier(column.name);
        const std::string type = pg_sql::column_type(column.type);
        return alter(table) + "ALTER COLUMN " + name + " TYPE " + type + " USING " + name +
               "::" + postgres_type(column.type);
    }
    std::string require_values(const Table& table, const Column& column) const override {
        return alter(table) + "ALTER COLUMN " + sql::identifier(column.name) + " SET NOT NULL";
    }
    std::string allow_nulls(const Table& table, const Column& column) const override {
        return alter(table) + "ALTER COLUMN " + sql::identifier(column.name) + " DROP NOT NULL";
    }
    std::string change_key(const Table& table) const override {
        // The name of the old key's constraint is whatever it was made with.
        const std::string target = sql::identifier(table.name.str());
        return "DO $do$ DECLARE old text; BEGIN SELECT conname INTO old FROM pg_constraint WHERE"
               " conrelid = " +
               postgres_literal(target) +
               "::regclass AND contype = 'p'; IF old IS NOT NULL THEN EXECUTE format('ALTER TABLE"
               " %s DROP CONSTRAINT %I', " +
               postgres_literal(target) + ", old); END IF; END $do$; " + alter(table) +
               "ADD PRIMARY KEY (" + sql::column_list(table.key) + ")";
    }

  private:
    static std::string alter(const Table& table) {
        return "ALTER TABLE " + sql::identifier(table.name.str()) + " ";
    }
};

Result<void> store_schemas(PgConnection& connection, const Catalog& catalog) {
    MUSTER_TRY(connection.execute("DELETE FROM muster.tables"));
    for (const Table& table : catalog.tables) {
        MUSTER_ASSIGN(auto stored,
                      connection.change("INSERT INTO muster.tables VALUES ($1, $2, $3)",
                                        table.name.str(),
                                        stored_schema_json(stored_schema(table)),
                                        schema_fingerprint(table)));
        static_cast<void>(stored);
    }
    return {};
}

Result<std::vector<MigrationStep>> plan(PgConnection& connection, const Catalog& catalog) {
    MUSTER_ASSIGN(auto rows, connection.query("SELECT name, schema_json FROM muster.tables"));
    std::map<std::string, std::string> schemas;
    while (rows.next()) {
        schemas.emplace(std::string(rows.text(0)), std::string(rows.text(1)));
    }
    return plan_tables(
        catalog, schemas, PostgresDialect(), [&connection](const TableName& table) -> Result<bool> {
            MUSTER_ASSIGN(const auto found,
                          connection.scalar("SELECT EXISTS (SELECT FROM " +
                                            sql::identifier(table.str()) + ")::int"));
            return found == 0;
        });
}

// The version of muster's schema, 0 if there is none yet.
Result<std::int64_t> schema_version(PgConnection& connection) {
    MUSTER_ASSIGN(const auto there, connection.scalar(kVersionThere));
    if (there == 0) {
        return std::int64_t{0};
    }
    return connection.scalar("SELECT max(version) FROM muster.schema_version");
}

Result<void> check_version(std::int64_t version, std::int64_t known) {
    if (version <= known) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "the database was written by a newer muster (ledger version " +
                     std::to_string(version) + ", this program knows " + std::to_string(known) +
                     ")",
                 "use that version of muster",
                 ""};
}

// What only a superuser could mend later: a database that cannot hold every text.
Result<void> check_database(PgConnection& connection) {
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT current_setting('server_encoding'),"
                                   " coalesce(current_schema(), '')"));
    MUSTER_CHECK(rows.next());
    if (rows.text(0) != "UTF8") {
        return Error{ErrorCode::kConflict,
                     connection.place() + " has the encoding " + std::string(rows.text(0)),
                     "make the database with: createdb -E UTF8 -T template0 NAME",
                     ""};
    }
    if (rows.text(1).empty()) {
        return Error{ErrorCode::kUsage,
                     connection.place() + ": no schema of the search_path exists",
                     "make the schema, or set search_path of the role",
                     ""};
    }
    return {};
}

Result<void> prepare_schema(PgConnection& connection) {
    const auto& migrations = ledger_sql::migrations();
    const auto known = static_cast<std::int64_t>(migrations.size());
    MUSTER_ASSIGN(auto version, schema_version(connection));
    MUSTER_TRY(check_version(version, known));
    if (version == known) {
        return {};
    }
    MUSTER_TRY(check_database(connection));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
    MUSTER_TRY(connection.execute(kSchemaLock));
    MUSTER_ASSIGN(version, schema_version(connection));
    MUSTER_TRY(check_version(version, known));
    MUSTER_ASSIGN(const auto schema, connection.scalar(kSchemaThere));
    if (schema == 0) {  // IF NOT EXISTS would ask for the right to make one in any case
        MUSTER_TRY(connection.execute("CREATE SCHEMA muster"));
    }
    MUSTER_TRY(
        connection.execute("CREATE TABLE IF NOT EXISTS muster.schema_version (version bigint)"));
    for (std::int64_t i = version; i < known; ++i) {
        MUSTER_TRY(connection.execute(migrations[static_cast<std::size_t>(i)]));
    }
    MUSTER_TRY(connection.execute("DELETE FROM muster.schema_version"));
    MUSTER_TRY(connection.execute("INSERT INTO muster.schema_version VALUES (" +
                                  std::to_string(known) + ")"));
    return transaction.commit();
}

}  // namespace

Result<void> PostgresWarehouse::prepare() {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return prepare_schema(*lease);
}

Result<std::vector<MigrationStep>> PostgresWarehouse::plan_migration(const Catalog& catalog) {
    return attempt(pool_, [&](PgConnection& connection) { return plan(connection, catalog); });
}

Result<void> PostgresWarehouse::migrate(const Catalog& catalog, bool all) {
    // Most often there is nothing to do: no reason to wait for anybody.
    MUSTER_ASSIGN(auto steps, plan_migration(catalog));
    if (steps.empty()) {
        return {};
    }
    MUSTER_TRY(check_plan(steps, all));
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    PgConnection& connection = *lease;
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(connection, kReadCommitted));
    MUSTER_TRY(connection.execute(kSchemaLock));
    MUSTER_ASSIGN(steps, plan(connection, catalog));
    MUSTER_TRY(check_plan(steps, all));
    for (const MigrationStep& step : steps) {
        if (auto done = connection.execute(step.sql); !done.ok()) {
            return step_error(step, std::move(done).error());
        }
    }
    MUSTER_TRY(store_schemas(connection, catalog));
    MUSTER_TRY(transaction.commit());
    data_version_.counter().fetch_add(steps.empty() ? 0 : 1);
    return {};
}

}  // namespace muster
