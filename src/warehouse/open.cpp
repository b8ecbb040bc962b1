#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/warehouse.h"

namespace muster {

WarehouseKind warehouse_kind(std::string_view url) {
    if (url.starts_with("duckdb:")) {
        return WarehouseKind::kDuckdb;
    }
    const bool postgres = url.starts_with("postgresql://") || url.starts_with("postgres://");
    return postgres ? WarehouseKind::kPostgres : WarehouseKind::kUnknown;
}

Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& url,
                                                  Engine& engine,
                                                  const Clock& clock) {
    switch (warehouse_kind(url)) {
        case WarehouseKind::kDuckdb:
            return std::unique_ptr<Warehouse>(std::make_unique<DuckdbWarehouse>(engine, clock));
        case WarehouseKind::kPostgres:
            return std::unique_ptr<Warehouse>(
                std::make_unique<PostgresWarehouse>(url, engine, clock));
        case WarehouseKind::kUnknown:
            break;
    }
    return unknown_warehouse(url);
}

Error unknown_warehouse(const std::string& url) {
    // What stands behind the scheme may hold a password.
    return Error{ErrorCode::kUsage,
                 "no warehouse of this kind: " + url.substr(0, url.find(':')),
                 "write duckdb:<path of the database file>, or"
                 " postgresql://user:password@host/database",
                 ""};
}

}  // namespace muster
