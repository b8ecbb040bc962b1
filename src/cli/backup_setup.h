// What the backup verbs, and `serve`, need besides the warehouse: the store of the backups.
#pragma once

#include "backup/backup.h"
#include "cli/verb_context.h"
#include "storage/object_store.h"

#include <memory>

namespace muster {

struct BackupSetup {
    std::unique_ptr<ObjectStore> store;
    Warehouse* warehouse = nullptr;

    static Result<BackupSetup> open(VerbContext& context);
    // Points into this and the verb's context.
    BackupContext backup_context(VerbContext& context);
};

// Ends what a dead process left of a restore, and says so.
Result<void> finish_leftovers(VerbContext& context, const BackupContext& backups);

}  // namespace muster
