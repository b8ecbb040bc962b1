// The rows of a backup's files as a table takes them, read by the embedded engine for warehouses of
// any kind.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "engine/detail/chunk_columns.h"
#include "engine/engine.h"
#include "warehouse/detail/column_mapping.h"
#include "warehouse/table_snapshots.h"

#include <functional>
#include <memory>
#include <vector>

namespace muster {

// One row at a time, in the order of the table's key. `files` and `mapped` (column_mapping.h) must
// outlive it.
class ArchiveRows {
  public:
    virtual ~ArchiveRows() = default;
    // One value per column of the table; false at the end. `row` is reused. An error of the files
    // is what their store says, or kVerification.
    virtual Result<bool> next(std::vector<Value>& row) = 0;
};

// kVerification if the files do not have the columns that `files` says.
Result<std::unique_ptr<ArchiveRows>> open_archive_rows(Engine& engine,
                                                       const Table& table,
                                                       const RestoreFiles& files,
                                                       const std::vector<MappedColumn>& mapped,
                                                       const CancelToken* cancel);

// The same rows chunk by chunk. An error of `take` is handed on as it is.
Result<void> read_archive_chunks(Engine& engine,
                                 const Table& table,
                                 const RestoreFiles& files,
                                 const std::vector<MappedColumn>& mapped,
                                 const CancelToken* cancel,
                                 const std::function<Result<void>(const ResultChunk&)>& take);

// What a table built from the files must hold: what was saved or, where its columns are not those
// of the files, what these columns hold in the files.
Result<FileContent> wanted_content(Engine& engine,
                                   const Table& table,
                                   const RestoreFiles& files,
                                   const std::vector<MappedColumn>& mapped,
                                   const CancelToken* cancel);

// kVerification naming both unless they are the same.
Result<void> check_content(const FileContent& built, const FileContent& wanted);

}  // namespace muster
