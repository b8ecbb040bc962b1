// Users and passwords that are asked for when a connection is opened, because they end or change.
#pragma once

#include "core/cancel.h"
#include "core/result.h"

#include <string>

namespace muster {

struct PgLogin {
    std::string user;
    std::string password;
};

// Implementations are thread-safe.
class PgLoginSource {
  public:
    virtual ~PgLoginSource() = default;
    // A login that is good now. `cancel` may be null.
    virtual Result<PgLogin> get(const CancelToken* cancel) = 0;
    // The server did not take this one: the next get() asks anew.
    virtual void refused(const PgLogin& login) = 0;
    // Where they come from, for messages: "secret arn:...".
    virtual std::string origin() const = 0;
};

}  // namespace muster
