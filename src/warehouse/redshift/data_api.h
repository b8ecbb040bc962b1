// The operations of the Redshift Data API that muster uses, as calls: statements are submitted,
// asked for until they are done, and their results are fetched in pages. Thread-safe. Its limits
// are those of "Using the Amazon Redshift Data API" in the Redshift management guide.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "warehouse/postgres/rows.h"
#include "warehouse/redshift/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace muster::redshift {

inline constexpr std::size_t kDataStatementBytesMax = 100'000;

struct DataRequest {
    std::vector<std::string> sqls;  // more than one are one transaction
    std::vector<std::pair<std::string, std::string>> parameters;  // of a single statement
    std::string session;                                          // "": a new one
    std::int64_t keep_alive_seconds = 0;                          // of the session, from its end on
};

struct DataSubmitted {
    std::string id;
    std::string session;
};

enum class DataState : std::uint8_t { kRunning, kFinished, kFailed, kStopped };

struct DataStatus {
    DataState state = DataState::kRunning;
    std::string error;      // the database's words
    std::int64_t rows = 0;  // returned, or changed
    bool has_rows = false;
    std::string session;
};

class DataApi {
  public:
    DataApi(Address address, const AwsAccess& access, const Clock& clock);

    // kUsage for a statement that is too long, before it is sent. kUnavailable without `refused`:
    // nobody knows whether it was taken. A request that is repeated is done once.
    Result<DataSubmitted> submit(const DataRequest& request,
                                 const CancelToken* cancel,
                                 bool& refused);
    // Waits up to `wait_seconds` for its end, where the service can.
    Result<DataStatus> describe(const std::string& id,
                                std::int64_t wait_seconds,
                                const CancelToken* cancel);
    // One page; `token` is "" for the first, and "" again after the last.
    Result<PgTable> result(const std::string& id, std::string& token, const CancelToken* cancel);
    // Tells the statement to stop; that it has ended already is no error.
    Result<void> stop(const std::string& id);

    // "Redshift workgroup etl by the Data API, database dev"
    const std::string& place() const { return place_; }
    // Who connects, for messages.
    std::string login() const;

  private:
    Result<std::string> call(const char* operation,
                             const std::string& body,
                             const CancelToken* cancel,
                             bool* refused = nullptr);

    const Address address_;
    const std::string place_;
    AwsClient client_;
};

}  // namespace muster::redshift
