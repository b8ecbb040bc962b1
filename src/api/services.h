// What the handlers work with. All of it must outlive the App.
#pragma once

#include "accounts/accounts.h"
#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/clock.h"
#include "engine/engine.h"
#include "rows/rows.h"
#include "storage/object_store.h"
#include "warehouse/warehouse.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace muster {

struct Services {
    const Catalog& catalog;
    Engine& engine;
    Warehouse& warehouse;
    ObjectStore& source;
    ObjectStore& clean;
    ObjectStore& backups;
    Accounts& accounts;
    Rows& rows;
    const Clock& clock;
    std::size_t threads = 1;
    std::string version;  // of the program
};

}  // namespace muster
