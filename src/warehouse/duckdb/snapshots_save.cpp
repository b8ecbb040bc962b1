// Saving a table: its description and its Parquet file come from one transaction.
#include "engine/detail/content_functions.h"
#include "engine/detail/parquet_source.h"
#include "warehouse/duckdb/duckdb_table_snapshots.h"
#include "warehouse/duckdb/rows_values.h"
#include "warehouse/duckdb/snapshots_sql.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

Result<SavedTable> describe(Connection& connection,
                            const Table& table,
                            const std::string& relation) {
    const std::string key = sql_identifier(table.key.front());
    const ColumnType type = table.find_column(table.key.front())->type;
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT " + content_select_list(archive_table(table)) +
                                   ", min(" + key + "), max(" + key + ") FROM " + relation));
    SavedTable saved;
    MUSTER_ASSIGN(saved.content, read_content(rows));
    saved.first_key = value_text(type, read_value(rows, 2, type));
    saved.last_key = value_text(type, read_value(rows, 3, type));
    return saved;
}

Result<SavedTable> save_relation(Connection& connection,
                                 const Table& table,
                                 const std::string& relation,
                                 const std::filesystem::path& parquet) {
    MUSTER_ASSIGN(auto saved, describe(connection, table, relation));
    MUSTER_ASSIGN(
        const auto written,
        connection.scalar("COPY (SELECT " + sql::column_list(table) + " FROM " + relation +
                          ") TO " + sql_text(parquet.string()) + kParquetOptions));
    if (written != static_cast<std::int64_t>(saved.content.rows)) {
        return Error{ErrorCode::kInternal,
                     "table " + table.name.str() + " has " + std::to_string(saved.content.rows) +
                         " rows, but " + std::to_string(written) + " were saved",
                     "nothing was kept; please report this",
                     ""};
    }
    return saved;
}

}  // namespace

Result<SavedTable> DuckdbTableSnapshots::save(const Table& table,
                                              const std::filesystem::path& parquet,
                                              const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    const std::string_view name = table.name.str();
    MUSTER_ASSIGN(const auto version, connection.scalar(sql::kTableVersion, name));
    std::string last_run;
    {
        MUSTER_ASSIGN(auto rows, connection.query(sql::kLastRun, name));
        MUSTER_ASSIGN(const bool found, rows.next());
        last_run = found ? std::string(rows.text(0)) : "";
    }
    MUSTER_ASSIGN(auto saved, save_relation(connection, table, sql::target(table.name), parquet));
    MUSTER_TRY(transaction.commit());
    saved.table_version = version;
    saved.last_run = last_run;
    return saved;
}

Result<SavedTable> DuckdbTableSnapshots::save_replaced(const Table& table,
                                                       const AsideTable& replaced,
                                                       const std::filesystem::path& parquet,
                                                       const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    MUSTER_ASSIGN(auto saved,
                  save_relation(connection, table, sql::target(TableName(replaced.name)), parquet));
    saved.table_version = replaced.table_version;
    return saved;
}

}  // namespace muster
