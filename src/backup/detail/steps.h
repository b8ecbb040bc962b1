// The steps that making, verifying and restoring share.
#pragma once

#include "backup/backup.h"
#include "warehouse/lease_holder.h"

#include <memory>
#include <string>
#include <vector>

namespace muster {

// The lease under which backups of a table are made.
std::string backup_lease(const TableName& table);
// Waits for the end of a backup of the table that is being made; its lease expires if its process
// died. kCancelled if the caller asked to stop meanwhile.
Result<std::unique_ptr<LeaseHolder>> acquire_when_free(const BackupContext& context,
                                                       const TableName& table,
                                                       const RunId& owner,
                                                       CancelToken& lost);

void report(const BackupObserver& observer,
            const std::string& table,
            std::string_view stage,
            std::uint64_t rows = 0,
            std::uint64_t rows_total = 0);

// kCancelled if the caller asked to stop.
Result<void> check_cancelled(const BackupContext& context);

// Writes the end of the work into its record; null: it succeeded.
void end_record(RunRecord& record, const Error* failure, const Clock& clock);

ObjectKey file_key(const BackupName& name, std::string_view file);

// Files or open readers of a backup's objects of one format, in order.
struct ParquetFiles {
    std::vector<std::filesystem::path> paths;
    std::vector<LocalCopy> copies;  // keep the files as long as they live
};
Result<ParquetFiles> parquet_files(const BackupContext& context,
                                   const BackupName& name,
                                   const BackupManifest& manifest);
Result<std::vector<std::unique_ptr<ObjectReader>>> avro_readers(const BackupContext& context,
                                                                const BackupName& name,
                                                                const BackupManifest& manifest);
std::vector<ObjectReader*> pointers(const std::vector<std::unique_ptr<ObjectReader>>& readers);

// Every file is there with its bytes, and nothing else is. Appends what is wrong.
Result<void> check_files(const BackupContext& context,
                         const BackupName& name,
                         const BackupManifest& manifest,
                         std::vector<std::string>& problems);

// Writes the backup of `saved`, which `save` makes as a Parquet file at a path: the safety backup
// and the usual one differ in nothing else. Removes what it wrote if it fails.
using SaveTable = std::function<Result<SavedTable>(const std::filesystem::path& parquet)>;
struct NewBackup {
    BackupName name;
    const Table& table;
    std::string reason;
    RunId run;
    bool avro = true;
    std::vector<RunId> dead_runs;  // what they were writing is removed first
};
// The run whose lease was taken over, if there is one.
std::vector<RunId> dead_runs(const LeaseHolder& lease);
Result<BackupManifest> write_backup(const BackupContext& context,
                                    const NewBackup& wanted,
                                    const SaveTable& save,
                                    const BackupObserver& observer);

}  // namespace muster
