#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/warehouse.h"

namespace muster {

Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& url,
                                                  Engine& engine,
                                                  const Clock& clock) {
    constexpr std::string_view kPrefix = "duckdb:";
    if (!url.starts_with(kPrefix)) {
        return Error{ErrorCode::kUsage,
                     "no warehouse of this kind: " + url,
                     "write duckdb:<path of the database file>",
                     ""};
    }
    return std::unique_ptr<Warehouse>(std::make_unique<DuckdbWarehouse>(engine, clock));
}

}  // namespace muster
