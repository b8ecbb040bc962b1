// The warehouse of a process, opened when the first verb asks for it and shared by all guests.
// Thread-safe.
#pragma once

#include "catalog/catalog.h"
#include "cli/scratch.h"
#include "core/clock.h"
#include "core/result.h"
#include "engine/engine.h"
#include "warehouse/warehouse.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace muster {

struct DatabaseOptions {
    WarehouseOptions warehouse;
    std::string data_dir;
    std::uint64_t memory_limit_bytes = 0;
    std::size_t threads = 1;
};

class Database {
  public:
    Database(DatabaseOptions options, const Clock& clock);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Opens and prepares at the first call; a failure is not kept, the next call tries again.
    Result<Warehouse*> warehouse();
    // The same, with the catalog's tables made where they are not there yet and the safe changes
    // applied. Changes that need `muster migrate` are left alone.
    Result<Warehouse*> warehouse_for(const Catalog& catalog);
    // Requires: warehouse() succeeded.
    Engine& engine() { return *engine_; }

  private:
    Result<Warehouse*> open_locked();
    Result<void> open_engine();

    const DatabaseOptions options_;
    const Clock& clock_;
    std::mutex mutex_;
    std::optional<ScratchFolder> scratch_;  // outlives the engine, which spills into it
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Warehouse> warehouse_;
    bool tables_made_ = false;
};

}  // namespace muster
