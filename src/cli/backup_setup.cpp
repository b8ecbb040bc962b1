#include "cli/backup_setup.h"

#include "cli/stores.h"

#include <fmt/core.h>

namespace muster {

Result<BackupSetup> BackupSetup::open(VerbContext& context) {
    BackupSetup setup;
    StoreOptions options = store_options(context);
    options.refuse_links = true;
    options.reuse_copies = false;  // what is read back is what the store has
    MUSTER_ASSIGN(setup.store, open_store(context.catalog->backups_url, options));
    MUSTER_ASSIGN(setup.warehouse, context.database->warehouse_for(*context.catalog));
    return setup;
}

BackupContext BackupSetup::backup_context(VerbContext& context) {
    return BackupContext{
        .catalog = *context.catalog,
        .engine = context.database->engine(),
        .warehouse = *warehouse,
        .store = *store,
        .clock = context.clock,
        .program = "muster " MUSTER_VERSION,
        .cancel = &context.cancel,
    };
}

Result<void> finish_leftovers(VerbContext& context, const BackupContext& backups) {
    MUSTER_ASSIGN(const auto saved, finish_restores(backups));
    for (const std::string& name : saved) {
        context.console.note(
            fmt::format("backup {} holds the rows that a restore had replaced when its process"
                        " ended",
                        name));
    }
    return {};
}

}  // namespace muster
