#include "engine/table_files.h"

#include "engine/detail/avro_scan.h"
#include "engine/detail/content_functions.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/detail/parquet_source.h"

#include <utility>

namespace muster {

namespace {

// An interrupt reaches running statements only, and a short one may end before it.
Result<void> check_cancel(const CancelToken* cancel) {
    if (cancel != nullptr && cancel->cancelled()) {
        return Error{ErrorCode::kCancelled, "reading the files: stopped on request", "", ""};
    }
    return {};
}

Result<FileContent> content_of(Connection& connection,
                               const ArchiveTable& table,
                               const std::string& source) {
    MUSTER_ASSIGN(auto rows,
                  connection.query("SELECT " + content_select_list(table) + " FROM " + source));
    return read_content(rows);
}

}  // namespace

Result<FileContent> parquet_content(Engine& engine,
                                    const ArchiveTable& table,
                                    const std::vector<std::filesystem::path>& files,
                                    const CancelToken* cancel) {
    MUSTER_TRY(check_cancel(cancel));
    if (files.empty()) {
        return FileContent{};
    }
    MUSTER_ASSIGN(auto connection, engine.handle().connect());
    const InterruptGuard interrupt(connection, cancel);
    MUSTER_TRY(check_parquet_columns(connection, table, files));
    auto content = content_of(connection, table, parquet_source_sql(files));
    if (!content.ok()) {
        return parquet_error(std::move(content).error());
    }
    return content;
}

Result<FileContent> avro_content(Engine& engine,
                                 const ArchiveTable& table,
                                 std::span<ObjectReader* const> readers,
                                 const CancelToken* cancel) {
    MUSTER_TRY(check_cancel(cancel));
    MUSTER_ASSIGN(auto connection, engine.handle().connect());
    AvroScan scan(engine.handle(), table, readers);
    const InterruptGuard interrupt(connection, cancel);
    auto content = content_of(connection, table, scan.sql());
    if (!content.ok()) {
        return scan.error_behind(std::move(content).error());
    }
    return content;
}

}  // namespace muster
