#include "cli/database.h"

#include <filesystem>
#include <string_view>
#include <utility>

namespace muster {

Database::Database(DatabaseOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Database::~Database() {
    warehouse_.reset();
    if (engine_) {
        // The log is kept if this fails, so nothing is lost.
        (void)engine_->checkpoint();
    }
}

Result<Warehouse*> Database::warehouse() {
    const std::scoped_lock hold{mutex_};
    return open_locked();
}

Result<Warehouse*> Database::warehouse_for(const Catalog& catalog) {
    const std::scoped_lock hold{mutex_};
    MUSTER_ASSIGN(Warehouse * opened, open_locked());
    if (!tables_made_) {
        const Result<void> made = opened->migrate(catalog, false);
        if (!made.ok() && made.error().code != ErrorCode::kUsage) {
            return made.error();
        }
        tables_made_ = true;
    }
    return opened;
}

Result<Warehouse*> Database::open_locked() {
    if (warehouse_) {
        return warehouse_.get();
    }
    if (!engine_) {
        MUSTER_TRY(open_engine());
    }
    MUSTER_ASSIGN(auto opened, open_warehouse(options_.warehouse, *engine_, clock_));
    MUSTER_TRY(opened->prepare());
    warehouse_ = std::move(opened);
    return warehouse_.get();
}

// Of a warehouse that is elsewhere, the engine is in memory and this process's alone.
Result<void> Database::open_engine() {
    EngineOptions engine_options{
        .database = {},
        .temp_dir = std::filesystem::path{options_.data_dir} / "tmp",
        .memory_limit_bytes = options_.memory_limit_bytes,
        .threads = options_.threads,
    };
    switch (warehouse_kind(options_.warehouse.url)) {
        case WarehouseKind::kDuckdb:
            engine_options.database =
                options_.warehouse.url.substr(std::string_view("duckdb:").size());
            break;
        case WarehouseKind::kPostgres:
        case WarehouseKind::kRedshift: {
            MUSTER_ASSIGN(auto scratch, ScratchFolder::make(options_.data_dir));
            engine_options.temp_dir = scratch.path();
            scratch_.emplace(std::move(scratch));
            break;
        }
        case WarehouseKind::kUnknown:
            return unknown_warehouse(options_.warehouse.url);
    }
    MUSTER_ASSIGN(engine_, Engine::open(engine_options));
    return {};
}

}  // namespace muster
