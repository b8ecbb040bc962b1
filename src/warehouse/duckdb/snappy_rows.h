// Rows as a Parquet file in snappy, which every reader of Parquet takes.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "engine/engine.h"
#include "warehouse/duckdb/archive_rows.h"

#include <filesystem>

namespace muster {

// In their order. A file beside `file` is used meanwhile.
Result<void> write_snappy(Engine& engine,
                          const Table& table,
                          ArchiveRows& rows,
                          const std::filesystem::path& file,
                          const CancelToken* cancel);

}  // namespace muster
