// Backups and restores over HTTP: at once, or as a run that can be followed. Counts them.
// Thread-safe.
#pragma once

#include "api/metrics.h"
#include "api/run_manager.h"
#include "api/services.h"
#include "backup/backup.h"

#include <string>

namespace muster {

// Tells the observer of a run, which must outlive the work.
BackupObserver observed_by(RunObserver& observer);

class BackupService {
  public:
    BackupService(const Services& services, RunManager& runs, Metrics& metrics)
        : services_(services), runs_(runs), metrics_(metrics) {}

    // `cancel` as of context().
    Result<BackupManifest> create(const Table& table,
                                  const BackupOptions& options,
                                  const CancelToken* cancel = nullptr);
    Result<RestoreReport> restore(const std::string& name, const RestoreOptions& options);
    // The table lives as long as the catalog.
    Result<RunManager::Started> start_create(const Table& table, const BackupOptions& options);
    Result<RunManager::Started> start_restore(const std::string& name,
                                              const RestoreOptions& options);

    // For reading; `cancel` may be null, then stop() is what ends the work.
    BackupContext context(const CancelToken* cancel = nullptr) const;
    // What is at work ends with kCancelled.
    void stop() { stop_.cancel(); }

  private:
    Result<BackupManifest> make(const Table& table,
                                const BackupOptions& options,
                                const BackupObserver& observer,
                                const CancelToken* cancel);
    Result<RestoreReport> bring_back(const std::string& name,
                                     const RestoreOptions& options,
                                     const BackupObserver& observer,
                                     const CancelToken* cancel);
    void count(std::string_view what, const std::string& table, bool done, std::int64_t since_ns);

    const Services& services_;
    RunManager& runs_;
    Metrics& metrics_;
    CancelToken stop_;
};

}  // namespace muster
