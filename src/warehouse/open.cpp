#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/postgres/postgres_warehouse.h"
#include "warehouse/redshift/redshift_warehouse.h"
#include "warehouse/warehouse.h"

namespace muster {

WarehouseKind warehouse_kind(std::string_view url) {
    if (url.starts_with("duckdb:")) {
        return WarehouseKind::kDuckdb;
    }
    if (url.starts_with("redshift://") || url.starts_with("redshift-data://")) {
        return WarehouseKind::kRedshift;
    }
    const bool postgres = url.starts_with("postgresql://") || url.starts_with("postgres://");
    return postgres ? WarehouseKind::kPostgres : WarehouseKind::kUnknown;
}

Result<std::unique_ptr<Warehouse>> open_warehouse(const WarehouseOptions& options,
                                                  Engine& engine,
                                                  const Clock& clock) {
    switch (warehouse_kind(options.url)) {
        case WarehouseKind::kDuckdb:
            return std::unique_ptr<Warehouse>(std::make_unique<DuckdbWarehouse>(engine, clock));
        case WarehouseKind::kPostgres:
            return std::unique_ptr<Warehouse>(
                std::make_unique<PostgresWarehouse>(options, engine, clock));
        case WarehouseKind::kRedshift: {
            MUSTER_ASSIGN(auto redshift, RedshiftWarehouse::open(options, engine, clock));
            return std::unique_ptr<Warehouse>(std::move(redshift));
        }
        case WarehouseKind::kUnknown:
            break;
    }
    return unknown_warehouse(options.url);
}

Error unknown_warehouse(const std::string& url) {
    // What stands behind the scheme may hold a password.
    return Error{ErrorCode::kUsage,
                 "no warehouse of this kind: " + url.substr(0, url.find(':')),
                 "write duckdb:<path of the database file>,"
                 " postgresql://user:password@host/database,"
                 " redshift://user:password@host/database, or redshift-data://cluster/database",
                 ""};
}

}  // namespace muster
