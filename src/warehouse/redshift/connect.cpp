#include "warehouse/redshift/connect.h"

#include "warehouse/redshift/connection.h"
#include "warehouse/redshift/data_api.h"
#include "warehouse/redshift/data_session.h"
#include "warehouse/redshift/logins.h"

namespace muster::redshift {
namespace {

// The services of AWS are called by whoever reaches S3, unless the URL says otherwise.
AwsAccess access_of(const WarehouseOptions& options, const Address& address) {
    return {.environment = options.store.environment,
            .profile = address.profile.empty() ? options.store.s3.profile : address.profile,
            .region = address.region.empty() ? options.store.s3.region : address.region};
}

}  // namespace

PgOptions connection_options(const Address& address,
                             const WarehouseOptions& options,
                             const Clock& clock) {
    PgOptions made{.url = address.libpq_url};
    const AwsAccess access = access_of(options, address);
    if (address.data_api) {
        auto api = std::make_shared<DataApi>(address, access, clock);
        made.dialect = &data_dialect();
        made.remote = [api = std::move(api), &clock](const CancelToken* cancel) {
            return open_data_session(api, clock, cancel);
        };
        return made;
    }
    made.dialect = &dialect();
    made.login = make_login_source(address, access, clock);
    return made;
}

}  // namespace muster::redshift
