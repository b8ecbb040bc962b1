// The schema `muster` and the tables of the catalog (architecture.md, decision 13).
#include "core/text.h"
#include "engine/detail/scan_source.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/sql.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

namespace muster {

namespace {

constexpr int kCheckpointAttemptsMax = 40;
constexpr auto kCheckpointPause = std::chrono::milliseconds(50);

const StoredColumn* find(const StoredSchema& schema, const std::string& name) {
    const auto at = std::find_if(schema.columns.begin(),
                                 schema.columns.end(),
                                 [&name](const StoredColumn& c) { return c.name == name; });
    return at == schema.columns.end() ? nullptr : &*at;
}

// The steps from one stored table to its declaration.
class TableDiff {
  public:
    TableDiff(const Table& table, const StoredSchema& stored, bool empty)
        : table_(table), stored_(stored), empty_(empty) {}

    std::vector<MigrationStep> steps() {
        for (const Column& column : table_.columns) {
            if (const StoredColumn* old = find(stored_, column.name); old != nullptr) {
                change(column, *old);
            } else {
                add_column(column);
            }
        }
        for (const StoredColumn& old : stored_.columns) {
            if (table_.find_column(old.name) == nullptr) {
                add("drop column " + old.name + " and its values",
                    alter() + "DROP COLUMN " + sql_identifier(old.name));
            }
        }
        if (stored_.key != table_.key) {
            change_key();
        }
        return std::move(steps_);
    }

  private:
    std::string alter() const { return "ALTER TABLE " + sql::target(table_.name) + " "; }

    MigrationStep& add(std::string description, std::string sql) {
        MigrationStep step;
        step.table = table_.name.str();
        step.description = std::move(description);
        step.sql = std::move(sql);
        step.automatic = empty_;  // nothing can be lost
        return steps_.emplace_back(std::move(step));
    }

    void add_column(const Column& column) {
        MigrationStep& step = add(
            "add column " + column.name + " (" + type_text(column.type) +
                (column.nullable ? ", nullable)" : ")"),
            alter() + "ADD COLUMN " + sql_identifier(column.name) + " " + sql_type(column.type));
        step.reload = true;
        step.automatic = column.nullable || empty_;
        if (!step.automatic) {
            step.possible = false;
            step.description +=
                ": the rows that are there have no value for it; declare it "
                "nullable, load, and then make it not nullable";
        }
    }

    void change(const Column& column, const StoredColumn& old) {
        if (!(old.type == column.type)) {
            MigrationStep& step = add("change column " + column.name + " from " +
                                          type_text(old.type) + " to " + type_text(column.type),
                                      alter() + "ALTER COLUMN " + sql_identifier(column.name) +
                                          " TYPE " + sql_type(column.type));
            step.automatic = empty_ || widens(old.type, column.type);
            step.reload = !step.automatic;
        }
        if (old.nullable && !column.nullable) {
            add("column " + column.name + " must have a value in every row",
                "SELECT CASE WHEN count(*) > 0 THEN error('column " + column.name +
                    " has rows without a value') END FROM " + sql::target(table_.name) + " WHERE " +
                    sql_identifier(column.name) + " IS NULL");
        }
    }

    void change_key() {
        add("change the key from (" + sql::column_list(stored_.key) + ") to (" +
                sql::column_list(table_.key) + ")",
            "SELECT CASE WHEN count(*) > 0 THEN error('rows share a value of the new key') END"
            " FROM (SELECT 1 FROM " +
                sql::target(table_.name) + " GROUP BY " + sql::column_list(table_.key) +
                " HAVING count(*) > 1)")
            .reload = true;
    }

    const Table& table_;
    const StoredSchema& stored_;
    bool empty_;
    std::vector<MigrationStep> steps_;
};

Error plan_error(const std::vector<MigrationStep>& steps, bool all) {
    std::string message =
        "the catalog asks for changes of the tables that are not made by themselves:";
    for (const MigrationStep& step : steps) {
        const bool blocks = !step.possible || (!step.automatic && !all);
        message += "\n  " + step.table + ": " + step.description + (blocks ? "" : " (automatic)");
    }
    const bool impossible = std::any_of(
        steps.begin(), steps.end(), [](const MigrationStep& step) { return !step.possible; });
    return Error{ErrorCode::kUsage,
                 message,
                 impossible
                     ? "change the catalog as described"
                     : "look at the plan with 'muster migrate --plan', then 'muster migrate'",
                 ""};
}

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
        MUSTER_TRY(connection.execute("DELETE FROM muster.leases"));
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
    std::vector<MigrationStep> steps;
    for (const Table& table : catalog.tables) {
        const auto at = schemas.find(table.name.str());
        if (at == schemas.end()) {
            MigrationStep step;
            step.table = table.name.str();
            step.description = "create the table";
            step.sql = sql::create_table(table, sql::target(table.name));
            step.automatic = true;
            steps.push_back(std::move(step));
            continue;
        }
        MUSTER_ASSIGN(const auto stored, parse_stored_schema(at->second));
        if (stored == stored_schema(table)) {
            continue;
        }
        MUSTER_ASSIGN(const auto rows,
                      connection.scalar("SELECT count(*) FROM " + sql::target(table.name)));
        for (MigrationStep& step : TableDiff(table, stored, rows == 0).steps()) {
            steps.push_back(std::move(step));
        }
    }
    for (const auto& [name, schema] : schemas) {
        if (catalog.find_table(name) == nullptr) {
            MigrationStep step;
            step.table = name;
            step.description = "drop the table and its rows: the catalog no longer declares it";
            step.sql = "DROP TABLE " + sql::target(TableName(name));
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

Result<std::vector<MigrationStep>> DuckdbWarehouse::plan_migration(const Catalog& catalog) {
    MUSTER_ASSIGN(auto connection, connect());
    return plan(connection, catalog);
}

Result<void> DuckdbWarehouse::migrate(const Catalog& catalog, bool all) {
    const std::lock_guard lock(schema_mutex_);
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(const auto steps, plan(connection, catalog));
    for (const MigrationStep& step : steps) {
        if (!step.possible || (!step.automatic && !all)) {
            return plan_error(steps, all);
        }
    }
    schema_epoch_.fetch_add(1);
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    for (const MigrationStep& step : steps) {
        if (auto done = connection.execute(step.sql); !done.ok()) {
            Error error = std::move(done).error();
            if (error.code == ErrorCode::kInternal) {
                error.code = ErrorCode::kConflict;  // the rows forbid it
            }
            error.message = step.table + ": " + step.description + ": " + error.message;
            return error;
        }
    }
    MUSTER_TRY(store_schemas(connection, catalog));
    MUSTER_TRY(transaction.commit());
    schema_epoch_.fetch_add(1);
    data_version_.fetch_add(steps.empty() ? 0 : 1);
    return steps.empty() ? Result<void>() : checkpoint_after_ddl(engine_);
}

}  // namespace muster
