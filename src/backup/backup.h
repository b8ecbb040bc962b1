// Saved tables (docs/backup.md). A backup is one folder of the store: data files, and a manifest
// that is written last; without one it is not there. Every function may be called from several
// threads and processes: a lease lets one backup of a table be made at a time.
#pragma once

#include "backup/backup_name.h"
#include "backup/manifest.h"
#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"
#include "engine/engine.h"
#include "storage/object_store.h"
#include "warehouse/warehouse.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// What backups work with. All of it must outlive the call.
struct BackupContext {
    const Catalog& catalog;
    Engine& engine;
    Warehouse& warehouse;
    ObjectStore& store;  // of [backups] url
    const Clock& clock;
    std::string program;  // "muster 0.1.0"
    const CancelToken* cancel = nullptr;

    BackupContext stopped_by(const CancelToken& token) const {
        BackupContext same = *this;
        same.cancel = &token;
        return same;
    }
};

// Where a backup or restore stands. Called from the thread that asked, now and then.
struct BackupProgress {
    std::string table;
    std::string stage;  // save | avro | verify | stage | swap | safety
    std::uint64_t rows = 0;
    std::uint64_t rows_total = 0;  // 0 = not known yet
};
using BackupObserver = std::function<void(const BackupProgress&)>;

struct BackupOptions {
    bool avro = true;  // Parquet is always written
    std::string trigger = "cli";
    std::optional<RunId> run_id;  // made if absent
    bool wait = false;            // for the end of another backup of the table
};

// Saves the table from one snapshot, reads it back and compares; then the manifest is written. On
// an error nothing is left of it. kBusy if another backup of the table is being made and `wait` is
// false.
Result<BackupManifest> create_backup(const BackupContext& context,
                                     const Table& table,
                                     const BackupOptions& options,
                                     const BackupObserver& observer = {});

struct BackupEntry {
    BackupName name;
    std::optional<BackupManifest> manifest;  // absent if it is damaged
    std::string problem;
};
// Those of one table, or of all; newest first. Tables that the catalog no longer has are listed
// too.
Result<std::vector<BackupEntry>> list_backups(const BackupContext& context,
                                              const std::string& table = "");
// kNotFound if there is none of this name; kVerification if its manifest is damaged.
Result<BackupManifest> find_backup(const BackupContext& context, const std::string& name);

struct VerifyReport {
    std::string name;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> problems;  // empty: every byte and row is as it was saved
};
// Recomputes everything without restoring. What is wrong with the backup is in the report; an error
// is one of the world.
Result<VerifyReport> verify_backup(const BackupContext& context,
                                   const std::string& name,
                                   const BackupObserver& observer = {});

struct RestoreOptions {
    BackupFormat from = BackupFormat::kParquet;
    bool dry_run = false;  // says what would change; nothing does
    bool force = false;    // although references break
    bool reload = false;   // the next run loads again what was loaded since the backup
    std::string trigger = "cli";
    std::optional<RunId> run_id;
};
struct RestoreReport {
    std::string backup;
    std::string table;
    std::string run_id;
    std::uint64_t rows = 0;
    std::string safety_backup;               // "" of a dry run
    std::optional<TableChanges> changes;     // of a dry run
    std::vector<BrokenReference> broken;     // of a dry run
    std::vector<std::string> objects_since;  // source objects loaded since the backup
    std::int64_t restored_us = 0;            // from the call until the table was swapped in
    std::int64_t gate_us = 0;                // how long writers had to wait
};
// Brings back exactly the saved rows: verifies, builds a new table and compares it, swaps it in,
// then saves the table that was replaced. kNotFound: no such backup; kVerification: it is not what
// it says; kConflict: it does not fit the table, or references break; kBusy: a run or another
// restore is at work. On any error before the swap the table is as it was; an error after it says
// so, and the safety backup is made at the next start.
Result<RestoreReport> restore_backup(const BackupContext& context,
                                     const std::string& name,
                                     const RestoreOptions& options,
                                     const BackupObserver& observer = {});

// Ends what a dead process left: tables that were built for a restore are dropped, tables that were
// replaced are saved, then dropped. Names the safety backups that were made. kBusy is none: then
// the restore is alive.
Result<std::vector<std::string>> finish_restores(const BackupContext& context);

struct ExpirePolicy {
    std::size_t keep = 0;                       // of each table, the newest; 0 = no such rule
    std::optional<std::int64_t> older_than_us;  // only those that are older than this
    bool dry_run = false;
};
// Removes backups that are beyond every rule given, but never a table's newest whole one. Returns
// their names. Damaged ones are left alone.
Result<std::vector<std::string>> expire_backups(const BackupContext& context,
                                                const std::string& table,
                                                const ExpirePolicy& policy);

}  // namespace muster
