#include "warehouse/redshift/redshift_warehouse.h"

#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/redshift/address.h"
#include "warehouse/redshift/connect.h"
#include "warehouse/redshift/ledger_sql.h"

namespace muster {
namespace {

// Of a state store that nobody configured, every call says so.
PgOptions state_options(const std::string& url) {
    PgOptions options{.url = url, .refusal = std::nullopt};
    if (url.empty()) {
        options.refusal =
            Error{ErrorCode::kUsage,
                  "users, tokens and schedules are not kept in Redshift, and no other store is"
                  " given",
                  "give [state] url = \"postgresql://user:password@host/database\"",
                  ""};
    }
    return options;
}

}  // namespace

Result<std::unique_ptr<RedshiftWarehouse>> RedshiftWarehouse::open(const WarehouseOptions& options,
                                                                   Engine& engine,
                                                                   const Clock& clock) {
    MUSTER_ASSIGN(const redshift::Address address, redshift::parse_address(options.url));
    PgOptions connection = redshift::connection_options(address, options, clock);
    return std::unique_ptr<RedshiftWarehouse>(
        new RedshiftWarehouse(std::move(connection), options, engine, clock));
}

RedshiftWarehouse::RedshiftWarehouse(PgOptions connection,
                                     const WarehouseOptions& options,
                                     Engine& engine,
                                     const Clock& clock)
    : PostgresWarehouse(
          std::move(connection), redshift::kDataVersion, options.staleness_ms, engine, clock),
      has_state_(!options.state_url.empty()),
      staging_(options),
      row_tables_(pool_, clock, engine, data_version_.counter(), *this),
      snapshots_(pool_, clock, engine, data_version_.counter(), staging_),
      state_(std::make_unique<PostgresWarehouse>(state_options(options.state_url),
                                                 ledger_sql::kDataVersion,
                                                 options.staleness_ms,
                                                 engine,
                                                 clock)) {}

}  // namespace muster
