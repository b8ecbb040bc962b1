#include "api/backup_service.h"

#include "backup/backup_json.h"

namespace muster {
BackupObserver observed_by(RunObserver& observer) {
    return [&observer](const BackupProgress& progress) {
        observer.progress(
            {.table = progress.table, .stage = progress.stage, .rows = progress.rows});
    };
}

BackupContext BackupService::context(const CancelToken* cancel) const {
    return BackupContext{.catalog = services_.catalog,
                         .engine = services_.engine,
                         .warehouse = services_.warehouse,
                         .store = services_.backups,
                         .clock = services_.clock,
                         .program = "muster " + services_.version,
                         .cancel = cancel == nullptr ? &stop_ : cancel};
}

Result<BackupManifest> BackupService::create(const Table& table,
                                             const BackupOptions& options,
                                             const CancelToken* cancel) {
    return make(table, options, {}, cancel);
}

Result<RestoreReport> BackupService::restore(const std::string& name,
                                             const RestoreOptions& options) {
    return bring_back(name, options, {}, nullptr);
}

Result<RunManager::Started> BackupService::start_create(const Table& table,
                                                        const BackupOptions& options) {
    return runs_.start_job(
        "backup",
        [this, &table, options](const RunId& run,
                                RunObserver& observer,
                                const CancelToken* cancel) -> Result<std::string> {
            BackupOptions named = options;
            named.run_id = run;
            MUSTER_ASSIGN(const auto made, make(table, named, observed_by(observer), cancel));
            return backup_json(made);
        });
}

Result<RunManager::Started> BackupService::start_restore(const std::string& name,
                                                         const RestoreOptions& options) {
    MUSTER_TRY(find_backup(context(), name));
    return runs_.start_job(
        "restore",
        [this, name, options](const RunId& run,
                              RunObserver& observer,
                              const CancelToken* cancel) -> Result<std::string> {
            RestoreOptions named = options;
            named.run_id = run;
            MUSTER_ASSIGN(const auto done, bring_back(name, named, observed_by(observer), cancel));
            return restore_json(done);
        });
}

Result<BackupManifest> BackupService::make(const Table& table,
                                           const BackupOptions& options,
                                           const BackupObserver& observer,
                                           const CancelToken* cancel) {
    const std::int64_t since_ns = services_.clock.monotonic_ns();
    auto made = create_backup(context(cancel), table, options, observer);
    count("backup", table.name.str(), made.ok(), since_ns);
    return made;
}

Result<RestoreReport> BackupService::bring_back(const std::string& name,
                                                const RestoreOptions& options,
                                                const BackupObserver& observer,
                                                const CancelToken* cancel) {
    const std::int64_t since_ns = services_.clock.monotonic_ns();
    auto done = restore_backup(context(cancel), name, options, observer);
    const auto parsed = parse_backup_name(name);
    if (!options.dry_run && parsed.ok()) {
        count("restore", parsed->table, done.ok(), since_ns);
    }
    return done;
}

void BackupService::count(std::string_view what,
                          const std::string& table,
                          bool done,
                          std::int64_t since_ns) {
    const std::string name = "muster_" + std::string(what);
    metrics_.add(name + "s_total", {{"table", table}, {"status", done ? "succeeded" : "failed"}});
    metrics_.add(name + "_seconds_total",
                 {{"table", table}},
                 static_cast<double>(services_.clock.monotonic_ns() - since_ns) * 1e-9);
}

}  // namespace muster
