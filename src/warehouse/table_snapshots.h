// Whole tables: saved from one snapshot, and brought back by a swap (design: backup.md). Part of a
// Warehouse, which hands it out; thread-safe. A table that is built for a restore, and the one it
// replaced, live beside the tables of the catalog under names of muster's, which no query of a user
// is meant to name; the warehouse remembers them, so that a process that dies leaves none behind.
#pragma once

#include "archive/archive_table.h"
#include "archive/content_checksum.h"
#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/ids.h"
#include "core/result.h"
#include "storage/object_store.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace muster {

// What a snapshot held. Keys are canonical text of the first key column, "" if there is no row.
struct SavedTable {
    FileContent content;
    std::string first_key;
    std::string last_key;
    std::int64_t table_version = 0;
    std::string last_run;  // that published into the table last; "" if none is on record
};

// The rows of a backup. Exactly one of the two lists is not empty.
struct RestoreFiles {
    ArchiveTable table;            // as the files describe it
    std::vector<std::string> key;  // of the table that was saved
    FileContent content;           // that they must hold
    std::vector<std::filesystem::path> parquet;
    std::vector<ObjectReader*> avro;
};

// A table of muster's own.
struct AsideTable {
    enum class Kind { kStaged, kReplaced };  // built for a restore; the one a restore replaced
    std::string name;
    Kind kind = Kind::kStaged;
    TableName table;
    std::string run_id;              // of the restore
    std::int64_t table_version = 0;  // kReplaced: what the table's version was
};

struct TableChanges {
    std::int64_t added = 0;
    std::int64_t removed = 0;
    std::int64_t changed = 0;
};

// Rows that would refer to a key that is not there.
struct BrokenReference {
    std::string table;
    std::string column;
    std::string referenced;
    std::int64_t rows = 0;
    std::string example;  // the least of the missing keys
};

struct SwapRequest {
    const Catalog& catalog;
    const Table& table;
    const AsideTable& staged;
    RunId run;
    std::int64_t saved_version = 0;  // the table's version that the backup was taken at
    bool force = false;              // even if references break
    bool reload = false;             // objects loaded since are loaded again by the next run
    const CancelToken* cancel = nullptr;
};

struct SwapOutcome {
    AsideTable replaced;
    std::int64_t table_version = 0;
    std::int64_t gate_us = 0;                // how long the write gate was held
    std::vector<std::string> objects_since;  // loaded since the backup, by name
};

class TableSnapshots {
  public:
    virtual ~TableSnapshots() = default;

    // Writes all rows as one Parquet file (zstd) in the order they are stored in, and describes
    // them from the same snapshot. The file is neither durable nor renamed: that is the store's.
    virtual Result<SavedTable> save(const Table& table,
                                    const std::filesystem::path& parquet,
                                    const CancelToken* cancel) = 0;
    // The same of a table that was replaced.
    virtual Result<SavedTable> save_replaced(const Table& table,
                                             const AsideTable& replaced,
                                             const std::filesystem::path& parquet,
                                             const CancelToken* cancel) = 0;

    // Builds a table aside with the columns of `table`, taken from the files by name; columns that
    // the files lack are NULL, those that the table lacks are left out. kConflict listing every
    // column that does not fit, NULLs where the table has none, and keys that are not unique.
    // kVerification if the table that was built does not hold `content` or, where its columns are
    // not those of the files, not what these columns hold in the files.
    virtual Result<AsideTable> stage(const Table& table,
                                     const RestoreFiles& files,
                                     const RunId& run,
                                     const CancelToken* cancel) = 0;
    // What a swap would do to the table as it is now.
    virtual Result<TableChanges> compare(const Table& table,
                                         const AsideTable& staged,
                                         const CancelToken* cancel) = 0;
    // In both directions: of the staged rows, and of the tables that refer to this one.
    virtual Result<std::vector<BrokenReference>> broken_references(const Catalog& catalog,
                                                                   const Table& table,
                                                                   const AsideTable& staged,
                                                                   const CancelToken* cancel) = 0;
    // Puts the staged table in the place of the table, in one transaction under its write gate;
    // readers see the old one until then. kConflict listing the references that break, unless
    // `force`. On any error the table is as it was.
    virtual Result<SwapOutcome> swap(const SwapRequest& request) = 0;

    virtual Result<void> drop(const AsideTable& aside) = 0;
    // All that are there, of living restores too.
    virtual Result<std::vector<AsideTable>> asides() = 0;
};

// Every broken reference in one text, for a message.
std::string describe_broken(const std::vector<BrokenReference>& broken);

}  // namespace muster
