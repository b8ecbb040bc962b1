// A session of a database that is not reached over libpq: every statement is a request to a
// service. A PgConnection that has one sends its statements there.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "warehouse/postgres/rows.h"

#include <memory>
#include <string>

namespace muster {

// The rows of a result in pieces, in the order of the result.
class PgPages {
  public:
    virtual ~PgPages() = default;
    // The next piece, which may be empty; `last` is set with the last one, after which nobody asks.
    virtual Result<PgRows> next(bool& last) = 0;
};

// Used by one thread at a time. Whatever fails says so by sqlstate() as well.
class PgRemote {
  public:
    virtual ~PgRemote() = default;
    // One statement and all of its rows. kCancelled if the token, which may be null, asked for it:
    // the statement was told to stop. kUnavailable if nobody knows whether it happened.
    virtual Result<PgRows> run(const std::string& sql,
                               const PgParams& params,
                               const CancelToken* cancel) = 0;
    // The same, its rows in pieces.
    virtual Result<std::unique_ptr<PgPages>> open(const std::string& sql,
                                                  const PgParams& params,
                                                  const CancelToken* cancel) = 0;
    // Of the last statement: "" if it had no error.
    virtual const std::string& sqlstate() const = 0;
    // False after the session was lost.
    virtual bool usable() const = 0;
    // Not in a transaction.
    virtual bool idle() const = 0;
    // An idle session that has ended meanwhile; asks nobody.
    virtual bool ended() const = 0;
    virtual const std::string& place() const = 0;  // for messages
};

}  // namespace muster
