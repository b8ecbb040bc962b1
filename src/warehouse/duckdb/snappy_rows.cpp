#include "warehouse/duckdb/snappy_rows.h"

#include "engine/detail/parquet_source.h"
#include "engine/detail/scan_source.h"
#include "engine/table_files.h"

#include <system_error>

namespace muster {

Result<void> write_snappy(Engine& engine,
                          const Table& table,
                          ArchiveRows& rows,
                          const std::filesystem::path& file,
                          const CancelToken* cancel) {
    std::filesystem::path plain = file;
    plain += ".rows";
    const RowSource next = [&rows](std::vector<Value>& row) { return rows.next(row); };
    auto written = [&]() -> Result<void> {
        MUSTER_TRY(write_parquet(engine, archive_table(table), next, plain, cancel));
        MUSTER_ASSIGN(auto connection, engine.handle().connect());
        const InterruptGuard guard(connection, cancel);
        return connection.execute("COPY (SELECT * FROM " + parquet_source_sql({plain}) + ") TO " +
                                  sql_text(file.string()) +
                                  " (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)");
    }();
    std::error_code ignored;
    std::filesystem::remove(plain, ignored);
    return written;
}

}  // namespace muster
