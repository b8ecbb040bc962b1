// A session of the Data API as a connection: temporary tables, settings and an open transaction
// live in it from one request to the next. It is kept alive for some minutes after a statement; one
// whose process died ends by itself, and with it its transaction and its locks.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/postgres/remote.h"
#include "warehouse/redshift/data_api.h"

#include <memory>

namespace muster::redshift {

// How connections by the Data API differ from those over libpq: shorter statements.
const PgDialect& data_dialect();

// Opens a session and sets it as dialect().session has it. kUsage if the login or the database is
// wrong, kUnavailable if the service does not answer. The clock must outlive it.
Result<std::unique_ptr<PgRemote>> open_data_session(std::shared_ptr<DataApi> api,
                                                    const Clock& clock,
                                                    const CancelToken* cancel);

}  // namespace muster::redshift
