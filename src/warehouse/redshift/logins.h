// Logins that AWS gives out: temporary credentials of IAM, and secrets of Secrets Manager. Fetched
// when the first connection is opened, kept until shortly before they end, and fetched anew when
// the cluster refuses them, as after a rotation.
#pragma once

#include "core/clock.h"
#include "warehouse/postgres/login.h"
#include "warehouse/redshift/address.h"

#include <memory>

#include "aws/client.h"

namespace muster::redshift {

// Null if the URL itself says who connects. The clock must outlive it.
std::shared_ptr<PgLoginSource> make_login_source(const Address& address,
                                                 AwsAccess access,
                                                 const Clock& clock);

}  // namespace muster::redshift
