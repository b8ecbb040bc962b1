#include "warehouse/duckdb/archive_rows.h"

#include "engine/detail/content_functions.h"
#include "engine/detail/parquet_source.h"
#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/row_stream.h"
#include "warehouse/duckdb/saved_rows.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace muster {
namespace {

bool same_columns(const Table& table, const std::vector<ArchiveColumn>& saved) {
    return std::equal(table.columns.begin(),
                      table.columns.end(),
                      saved.begin(),
                      saved.end(),
                      [](const Column& column, const ArchiveColumn& one) {
                          return column.name == one.name && column.type == one.type;
                      });
}

class EngineArchiveRows final : public ArchiveRows {
  public:
    EngineArchiveRows(Engine& engine, const RestoreFiles& files) : source_(engine, files) {}

    Result<void> open(Engine& engine,
                      const Table& table,
                      const std::vector<MappedColumn>& mapped,
                      const CancelToken* cancel) {
        MUSTER_ASSIGN(auto connection, engine.handle().connect());
        MUSTER_ASSIGN(auto statement, connection.prepare(saved_rows_sql(table, source_, mapped)));
        std::vector<ResultColumn> columns;
        for (const Column& column : table.columns) {
            columns.push_back({column.name, column.type});
        }
        auto stream = DuckdbRowStream::open(
            std::move(connection), std::move(statement), std::move(columns), cancel);
        if (!stream.ok()) {
            return source_.error_behind(std::move(stream).error());
        }
        stream_ = std::move(stream).value();
        return {};
    }

    Result<bool> next(std::vector<Value>& row) override {
        auto more = stream_->next(row);
        if (!more.ok()) {
            return source_.error_behind(std::move(more).error());
        }
        return more;
    }

  private:
    SavedRows source_;  // read by the stream
    std::unique_ptr<RowStream> stream_;
};

}  // namespace

SavedRows::SavedRows(Engine& engine, const RestoreFiles& files) : files_(files) {
    if (files.parquet.empty()) {
        avro_.emplace(engine.handle(), files.table, files.avro);
    }
}

std::string SavedRows::sql() const {
    return avro_ ? avro_->sql() : parquet_source_sql(files_.parquet);
}

Error SavedRows::error_behind(Error failed) {
    return avro_ ? avro_->error_behind(std::move(failed)) : parquet_error(std::move(failed));
}

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

std::string saved_rows_sql(const Table& table,
                           const SavedRows& source,
                           const std::vector<MappedColumn>& mapped) {
    return "SELECT " + select_list(mapped) + " FROM " + source.sql() +
           (source.ordered() ? "" : " ORDER BY " + sql::column_list(table.key));
}

Result<FileContent> content_of(Connection& connection,
                               const Table& table,
                               const std::string& relation) {
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT " + content_select_list(archive_table(table)) +
                                   " FROM " + relation));
    return read_content(rows);
}

Result<std::unique_ptr<ArchiveRows>> open_archive_rows(Engine& engine,
                                                       const Table& table,
                                                       const RestoreFiles& files,
                                                       const std::vector<MappedColumn>& mapped,
                                                       const CancelToken* cancel) {
    if (!files.parquet.empty()) {
        MUSTER_ASSIGN(auto connection, engine.handle().connect());
        MUSTER_TRY(check_parquet_columns(connection, files.table, files.parquet));
    }
    auto rows = std::make_unique<EngineArchiveRows>(engine, files);
    MUSTER_TRY(rows->open(engine, table, mapped, cancel));
    return std::unique_ptr<ArchiveRows>(std::move(rows));
}

Result<void> read_archive_chunks(Engine& engine,
                                 const Table& table,
                                 const RestoreFiles& files,
                                 const std::vector<MappedColumn>& mapped,
                                 const CancelToken* cancel,
                                 const std::function<Result<void>(const ResultChunk&)>& take) {
    MUSTER_ASSIGN(auto connection, engine.handle().connect());
    if (!files.parquet.empty()) {
        MUSTER_TRY(check_parquet_columns(connection, files.table, files.parquet));
    }
    SavedRows source(engine, files);
    const InterruptGuard guard(connection, cancel);
    MUSTER_ASSIGN(auto statement, connection.prepare(saved_rows_sql(table, source, mapped)));
    auto rows = statement.stream();
    if (!rows.ok()) {
        return source.error_behind(std::move(rows).error());
    }
    ResultChunk chunk;
    for (;;) {
        auto more = chunk.fetch(*rows);
        if (!more.ok()) {
            return source.error_behind(std::move(more).error());
        }
        if (!*more) {
            return {};
        }
        MUSTER_TRY(take(chunk));
    }
}

Result<FileContent> wanted_content(Engine& engine,
                                   const Table& table,
                                   const RestoreFiles& files,
                                   const std::vector<MappedColumn>& mapped,
                                   const CancelToken* cancel) {
    if (same_columns(table, files.table.columns)) {
        return files.content;
    }
    MUSTER_ASSIGN(auto connection, engine.handle().connect());
    const InterruptGuard guard(connection, cancel);
    SavedRows source(engine, files);
    auto content = content_of(
        connection, table, "(SELECT " + select_list(mapped) + " FROM " + source.sql() + ")");
    if (!content.ok()) {
        return source.error_behind(std::move(content).error());
    }
    return content;
}

Result<void> check_content(const FileContent& built, const FileContent& wanted) {
    if (built == wanted) {
        return {};
    }
    return Error{ErrorCode::kVerification,
                 fmt::format("the files hold {} rows with checksum {}, but {} rows with checksum {}"
                             " were saved",
                             built.rows,
                             checksum_text(built.checksum),
                             wanted.rows,
                             checksum_text(wanted.checksum)),
                 "restore from another backup",
                 ""};
}

}  // namespace muster
