// The schema `muster` and the tables of the catalog (architecture.md, decision 13).
#include "engine/detail/scan_source.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_diff.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/sql.h"

#include <chrono>
#include <map>
#include <thread>

namespace muster {

namespace {

constexpr int kCheckpointAttemptsMax = 40;
constexpr auto kCheckpointPause = std::chrono::milliseconds(50);

class DuckdbDialect final : public SchemaDialect {
  public:
    std::string create_table(const Table& table) const override {
        return sql::create_table(table, sql::target(table.name));
    }
    std::string drop_table(const TableName& table) const override {
        return "DROP TABLE " + sql::target(table);
    }
    std::string add_column(const Table& table, const Column& column) const override {
        return alter(table) + "ADD COLUMN " + sql_identifier(column.name) + " " +
               sql_type(column.type);
    }
    std::string drop_column(const Table& table, const std::string& column) const override {
        return alter(table) + "DROP COLUMN " + sql_identifier(column);
    }
    std::string change_type(const Table& table, const Column& column) const override {
        return alter(table) + "ALTER COLUMN " + sql_identifier(column.name) + " TYPE " +
               sql_type(column.type);
    }
    std::string require_values(const Table& table, const Column& column) const override {
        return "SELECT CASE WHEN count(*) > 0 THEN error('column " + column.name +
               " has rows without a value') END FROM " + sql::target(table.name) + " WHERE " +
               sql_identifier(column.name) + " IS NULL";
    }
    std::string allow_nulls(const Table& /*table*/, const Column& /*column*/) const override {
        return "";  // its tables have no NOT NULL
    }
    std::string change_key(const Table& table) const override {
        return "SELECT CASE WHEN count(*) > 0 THEN error('rows share a value of the new key') END"
               " FROM (SELECT 1 FROM " +
               sql::target(table.name) + " GROUP BY " + sql::column_list(table.key) +
               " HAVING count(*) > 1)";
    }

  private:
    static std::string alter(const Table& table) {
        return "ALTER TABLE " + sql::target(table.name) + " ";
    }
};

Result<void> store_schemas(Connection& connection, const Catalog& catalog) {
    MUSTER_TRY(connection.execute("DELETE FROM muster.tables"));
    for (const Table& table : catalog.tables) {
        MUSTER_ASSIGN(auto stored,
                      connection.change("INSERT INTO muster.tables VALUES (?, ?, ?)",
                                        std::string_view(table.name.str()),
                                        std::string_view(stored_schema_json(stored_schema(table))),
                                        std::string_view(schema_fingerprint(table))));
        static_cast<void>(stored);
    }
    return {};
}

Result<std::map<std::string, std::string>> stored_schemas(Connection& connection) {
    MUSTER_ASSIGN(auto rows, connection.query("SELECT name, schema_json FROM muster.tables"));
    std::map<std::string, std::string> schemas;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return schemas;
        }
        schemas.emplace(std::string(rows.text(0)), std::string(rows.text(1)));
    }
}

}  // namespace

Result<void> checkpoint_after_ddl(Engine& engine) {
    Result<void> done;
    for (int attempt = 0; attempt < kCheckpointAttemptsMax; ++attempt) {
        done = engine.checkpoint();
        if (done.ok() || done.error().code != ErrorCode::kUnavailable) {
            return done;
        }
        std::this_thread::sleep_for(kCheckpointPause);
    }
    return done;
}

Result<void> DuckdbWarehouse::prepare() {
    const std::lock_guard lock(schema_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_TRY(
        connection.execute("CREATE SCHEMA IF NOT EXISTS muster;"
                           "CREATE TABLE IF NOT EXISTS muster.schema_version "
                           "(version BIGINT)"));
    MUSTER_ASSIGN(const auto version,
                  connection.scalar("SELECT coalesce(max(version), 0) FROM muster.schema_version"));
    const auto& migrations = sql::migrations();
    const auto known = static_cast<std::int64_t>(migrations.size());
    if (version > known) {
        return Error{ErrorCode::kConflict,
                     "the database was written by a newer muster (ledger version " +
                         std::to_string(version) + ", this program knows " + std::to_string(known) +
                         ")",
                     "use that version of muster",
                     ""};
    }
    if (engine_.handle().just_opened.exchange(false) && version > 0) {
        // A lease that is there belongs to a process that died: it held the file alone.
        MUSTER_TRY(connection.execute("UPDATE muster.leases SET expires_at_us = 0"));
    }
    if (version == known) {
        return {};
    }
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    for (std::int64_t i = version; i < known; ++i) {
        MUSTER_TRY(connection.execute(migrations[static_cast<std::size_t>(i)]));
    }
    MUSTER_TRY(
        connection.execute("DELETE FROM muster.schema_version;"
                           "INSERT INTO muster.schema_version VALUES (" +
                           std::to_string(known) + ")"));
    MUSTER_TRY(transaction.commit());
    return checkpoint_after_ddl(engine_);
}

Result<std::vector<MigrationStep>> DuckdbWarehouse::plan(Connection& connection,
                                                         const Catalog& catalog) {
    MUSTER_ASSIGN(const auto schemas, stored_schemas(connection));
    return plan_tables(
        catalog, schemas, DuckdbDialect(), [&connection](const TableName& table) -> Result<bool> {
            MUSTER_ASSIGN(const auto rows,
                          connection.scalar("SELECT count(*) FROM " + sql::target(table)));
            return rows == 0;
        });
}

Result<std::vector<MigrationStep>> DuckdbWarehouse::plan_migration(const Catalog& catalog) {
    MUSTER_ASSIGN(auto connection, connect());
    return plan(connection, catalog);
}

Result<void> DuckdbWarehouse::migrate(const Catalog& catalog, bool all) {
    const std::lock_guard lock(schema_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(const auto steps, plan(connection, catalog));
    MUSTER_TRY(check_plan(steps, all));
    schema_epoch_.fetch_add(1);
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    for (const MigrationStep& step : steps) {
        if (auto done = connection.execute(step.sql); !done.ok()) {
            return step_error(step, std::move(done).error());
        }
    }
    MUSTER_TRY(store_schemas(connection, catalog));
    MUSTER_TRY(transaction.commit());
    schema_epoch_.fetch_add(1);
    data_version_.fetch_add(steps.empty() ? 0 : 1);
    return steps.empty() ? Result<void>() : checkpoint_after_ddl(engine_);
}

}  // namespace muster
