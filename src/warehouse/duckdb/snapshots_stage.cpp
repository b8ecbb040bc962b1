// Building a table for a restore beside the one it will replace, and comparing the two.
#include "engine/detail/avro_scan.h"
#include "engine/detail/content_functions.h"
#include "engine/detail/parquet_source.h"
#include "engine/detail/scan_source.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/duckdb/duckdb_table_snapshots.h"
#include "warehouse/duckdb/snapshots_sql.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {

namespace {

std::string text_of(const AsideTable& aside) { return sql::target(TableName(aside.name)); }

// The rows of the files in SQL, for one statement.
class SavedRows {
  public:
    SavedRows(Engine& engine, const RestoreFiles& files) : files_(files) {
        if (files.parquet.empty()) {
            avro_.emplace(engine.handle(), files.table, files.avro);
        }
    }

    std::string sql() const { return avro_ ? avro_->sql() : parquet_source_sql(files_.parquet); }

    // Parquet is stored in the order of the table, Avro in none.
    bool ordered() const { return !avro_; }

    Error error_behind(Error failed) {
        return avro_ ? avro_->error_behind(std::move(failed)) : parquet_error(std::move(failed));
    }

  private:
    const RestoreFiles& files_;
    std::optional<AvroScan> avro_;
};

// The table's columns as expressions over the files' columns.
std::string select_list(const std::vector<MappedColumn>& mapped) {
    std::string out;
    for (const auto& [column, from] : mapped) {
        out += out.empty() ? "" : ", ";
        out += fmt::format("CAST({} AS {}) AS {}",
                           from == nullptr ? "NULL" : sql_identifier(from->name),
                           sql_type(column->type),
                           sql_identifier(column->name));
    }
    return out;
}

bool same_columns(const Table& table, const std::vector<ArchiveColumn>& saved) {
    return std::equal(table.columns.begin(),
                      table.columns.end(),
                      saved.begin(),
                      saved.end(),
                      [](const Column& column, const ArchiveColumn& one) {
                          return column.name == one.name && column.type == one.type;
                      });
}

// What the table asks of its rows and the backup's table may not have asked.
Result<void> check_rows(Connection& connection,
                        const Table& table,
                        const RestoreFiles& files,
                        const std::vector<MappedColumn>& mapped,
                        const std::string& relation) {
    std::string problems;
    for (const auto& [column, from] : mapped) {
        const bool may_lack = from != nullptr && from->nullable;
        if (column->nullable || !may_lack) {
            continue;
        }
        MUSTER_ASSIGN(const auto nulls,
                      connection.scalar("SELECT count(*) FROM " + relation + " WHERE " +
                                        sql_identifier(column->name) + " IS NULL"));
        if (nulls > 0) {
            problems += fmt::format(
                "\n  column {} must have a value, but {} rows have none", column->name, nulls);
        }
    }
    if (files.key != table.key) {
        const std::string key = sql::column_list(table.key);
        MUSTER_ASSIGN(const auto shared,
                      connection.scalar("SELECT count(*) FROM (SELECT 1 FROM " + relation +
                                        " GROUP BY " + key + " HAVING count(*) > 1)"));
        if (shared > 0) {
            problems += fmt::format(
                "\n  {} values of the key ({}) stand in more than one row", shared, key);
        }
    }
    if (problems.empty()) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "the rows of the backup do not fit table " + table.name.str() + ":" + problems,
                 "restore it with the catalog it was made with",
                 ""};
}

Result<FileContent> content_of(Connection& connection,
                               const Table& table,
                               const std::string& relation) {
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT " + content_select_list(archive_table(table)) +
                                   " FROM " + relation));
    return read_content(rows);
}

constexpr std::string_view kStagedText = "staged";

std::string_view kind_text(AsideTable::Kind kind) {
    return kind == AsideTable::Kind::kStaged ? kStagedText : "replaced";
}

}  // namespace

Result<void> record_aside(Connection& connection, const AsideTable& aside, std::int64_t now_us) {
    MUSTER_ASSIGN(const auto added,
                  connection.change(sql::kAsideInsert,
                                    std::string_view(aside.name),
                                    kind_text(aside.kind),
                                    std::string_view(aside.table.str()),
                                    std::string_view(aside.run_id),
                                    aside.table_version,
                                    now_us));
    MUSTER_CHECK(added == 1);
    return {};
}

Result<AsideTable> DuckdbTableSnapshots::stage(const Table& table,
                                               const RestoreFiles& files,
                                               const RunId& run,
                                               const CancelToken* cancel) {
    MUSTER_ASSIGN(const auto mapped, map_columns(table, files.table.columns));
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    AsideTable aside{
        .name = "_muster_restore_" + run.str(), .table = table.name, .run_id = run.str()};
    MUSTER_TRY(build(connection, table, files, mapped, aside));
    if (auto fits = check_staged(connection, table, files, mapped, aside); !fits.ok()) {
        // What fails here is found at the next start: the table is on record.
        (void)drop(aside);
        return std::move(fits).error();
    }
    return aside;
}

Result<void> DuckdbTableSnapshots::build(Connection& connection,
                                         const Table& table,
                                         const RestoreFiles& files,
                                         const std::vector<MappedColumn>& mapped,
                                         const AsideTable& aside) {
    if (!files.parquet.empty()) {
        MUSTER_TRY(check_parquet_columns(connection, files.table, files.parquet));
    }
    SavedRows source(engine_, files);
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(connection.execute(sql::create_table(table, text_of(aside))));
    const auto filled = connection.execute(
        "INSERT INTO " + text_of(aside) + " SELECT " + select_list(mapped) + " FROM " +
        source.sql() + (source.ordered() ? "" : " ORDER BY " + sql::column_list(table.key)));
    if (!filled.ok()) {
        return source.error_behind(filled.error());
    }
    MUSTER_TRY(record_aside(connection, aside, clock_.now_us()));
    return transaction.commit();
}

Result<void> DuckdbTableSnapshots::check_staged(Connection& connection,
                                                const Table& table,
                                                const RestoreFiles& files,
                                                const std::vector<MappedColumn>& mapped,
                                                const AsideTable& aside) {
    MUSTER_TRY(check_rows(connection, table, files, mapped, text_of(aside)));
    MUSTER_ASSIGN(const FileContent built, content_of(connection, table, text_of(aside)));
    Result<FileContent> wanted = files.content;
    if (!same_columns(table, files.table.columns)) {
        SavedRows source(engine_, files);
        wanted = content_of(
            connection, table, "(SELECT " + select_list(mapped) + " FROM " + source.sql() + ")");
        if (!wanted.ok()) {
            return source.error_behind(wanted.error());
        }
    }
    if (built == *wanted) {
        return {};
    }
    return Error{ErrorCode::kVerification,
                 fmt::format("the files hold {} rows with checksum {}, but {} rows with checksum {}"
                             " were saved",
                             built.rows,
                             checksum_text(built.checksum),
                             wanted->rows,
                             checksum_text(wanted->checksum)),
                 "restore from another backup",
                 ""};
}

Result<TableChanges> DuckdbTableSnapshots::compare(const Table& table,
                                                   const AsideTable& staged,
                                                   const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    const InterruptGuard guard(connection, cancel);
    const std::string now = sql::target(table.name) + " t";
    const std::string then = text_of(staged) + " s";
    const std::string same_key = sql::key_equal(table, "s.", "t.");
    TableChanges changes;
    MUSTER_ASSIGN(changes.added,
                  connection.scalar("SELECT count(*) FROM " + then + " ANTI JOIN " + now + " ON " +
                                    same_key));
    MUSTER_ASSIGN(changes.removed,
                  connection.scalar("SELECT count(*) FROM " + now + " ANTI JOIN " + then + " ON " +
                                    same_key));
    MUSTER_ASSIGN(changes.changed,
                  connection.scalar("SELECT count(*) FROM " + then + " JOIN " + now + " ON " +
                                    same_key + " WHERE " + sql::values_differ(table, "s.", "t.")));
    return changes;
}

// No checkpoint here, nor after the table was built: a restore makes the one that it needs, after
// the renames.
Result<void> DuckdbTableSnapshots::drop(const AsideTable& aside) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto transaction, Transaction::open(connection));
    MUSTER_TRY(connection.execute("DROP TABLE IF EXISTS " + text_of(aside)));
    MUSTER_ASSIGN(const auto removed,
                  connection.change(sql::kAsideDelete, std::string_view(aside.name)));
    static_cast<void>(removed);
    return transaction.commit();
}

Result<std::vector<AsideTable>> DuckdbTableSnapshots::asides() {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kAsidesSelect));
    std::vector<AsideTable> found;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return found;
        }
        AsideTable aside;
        aside.name = rows.text(0);
        aside.kind =
            rows.text(1) == kStagedText ? AsideTable::Kind::kStaged : AsideTable::Kind::kReplaced;
        aside.table = TableName(std::string(rows.text(2)));
        aside.run_id = rows.text(3);
        aside.table_version = rows.int64(4);
        found.push_back(std::move(aside));
    }
}

}  // namespace muster
