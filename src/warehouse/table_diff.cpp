#include "warehouse/detail/table_diff.h"

#include "warehouse/detail/column_mapping.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"

#include <algorithm>

namespace muster {

namespace {

const StoredColumn* find(const StoredSchema& schema, const std::string& name) {
    const auto at = std::find_if(schema.columns.begin(),
                                 schema.columns.end(),
                                 [&name](const StoredColumn& c) { return c.name == name; });
    return at == schema.columns.end() ? nullptr : &*at;
}

// The steps from one stored table to its declaration.
class TableDiff {
  public:
    TableDiff(const Table& table,
              const StoredSchema& stored,
              const SchemaDialect& dialect,
              bool empty)
        : table_(table), stored_(stored), dialect_(dialect), empty_(empty) {}

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
                    dialect_.drop_column(table_, old.name));
            }
        }
        if (stored_.key != table_.key) {
            change_key();
        }
        return std::move(steps_);
    }

  private:
    MigrationStep& add(std::string description, std::string sql) {
        MigrationStep step;
        step.table = table_.name.str();
        step.description = std::move(description);
        step.sql = std::move(sql);
        step.automatic = empty_;  // nothing can be lost
        return steps_.emplace_back(std::move(step));
    }

    void add_column(const Column& column) {
        MigrationStep& step = add("add column " + column.name + " (" + type_text(column.type) +
                                      (column.nullable ? ", nullable)" : ")"),
                                  dialect_.add_column(table_, column));
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
                                      dialect_.change_type(table_, column));
            step.automatic = empty_ || widens(old.type, column.type);
            step.reload = !step.automatic;
        }
        if (old.nullable && !column.nullable) {
            add("column " + column.name + " must have a value in every row",
                dialect_.require_values(table_, column));
        }
        const std::string allow = dialect_.allow_nulls(table_, column);
        if (!old.nullable && column.nullable && !allow.empty()) {
            add("column " + column.name + " may be without a value", allow).automatic = true;
        }
    }

    void change_key() {
        add("change the key from (" + sql::column_list(stored_.key) + ") to (" +
                sql::column_list(table_.key) + ")",
            dialect_.change_key(table_))
            .reload = true;
    }

    const Table& table_;
    const StoredSchema& stored_;
    const SchemaDialect& dialect_;
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

}  // namespace

Result<std::vector<MigrationStep>> plan_tables(
    const Catalog& catalog,
    const std::map<std::string, std::string>& stored,
    const SchemaDialect& dialect,
    const std::function<Result<bool>(const TableName&)>& is_empty) {
    std::vector<MigrationStep> steps;
    for (const Table& table : catalog.tables) {
        const auto at = stored.find(table.name.str());
        if (at == stored.end()) {
            MigrationStep step;
            step.table = table.name.str();
            step.description = "create the table";
            step.sql = dialect.create_table(table);
            step.automatic = true;
            steps.push_back(std::move(step));
            continue;
        }
        MUSTER_ASSIGN(const auto schema, parse_stored_schema(at->second));
        if (schema == stored_schema(table)) {
            continue;
        }
        MUSTER_ASSIGN(const bool empty, is_empty(table.name));
        for (MigrationStep& step : TableDiff(table, schema, dialect, empty).steps()) {
            steps.push_back(std::move(step));
        }
    }
    for (const auto& [name, schema] : stored) {
        if (catalog.find_table(name) == nullptr) {
            MigrationStep step;
            step.table = name;
            step.description = "drop the table and its rows: the catalog no longer declares it";
            step.sql = dialect.drop_table(TableName(name));
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

Result<void> check_plan(const std::vector<MigrationStep>& steps, bool all) {
    const bool blocked = std::any_of(steps.begin(), steps.end(), [all](const auto& step) {
        return !step.possible || (!step.automatic && !all);
    });
    return blocked ? plan_error(steps, all) : Result<void>();
}

Error step_error(const MigrationStep& step, Error error) {
    if (error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kConflict;  // the rows forbid it
    }
    error.message = step.table + ": " + step.description + ": " + error.message;
    return error;
}

}  // namespace muster
