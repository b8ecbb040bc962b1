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
    static constexpr std::string_view kScheme = "duckdb:";
    std::string_view path = options_.warehouse_url;
    if (!path.starts_with(kScheme)) {
        return Error{ErrorCode::kUsage,
                     "the warehouse '" + options_.warehouse_url + "' is of no known kind",
                     "use duckdb:PATH"};
    }
    path.remove_prefix(kScheme.size());
    if (!engine_) {
        EngineOptions engine_options{
            .database = std::filesystem::path{path},
            .temp_dir = std::filesystem::path{options_.data_dir} / "tmp",
            .memory_limit_bytes = options_.memory_limit_bytes,
            .threads = options_.threads,
        };
        MUSTER_ASSIGN(engine_, Engine::open(engine_options));
    }
    MUSTER_ASSIGN(auto opened, open_warehouse(options_.warehouse_url, *engine_, clock_));
    MUSTER_TRY(opened->prepare());
    warehouse_ = std::move(opened);
    return warehouse_.get();
}

}  // namespace muster
