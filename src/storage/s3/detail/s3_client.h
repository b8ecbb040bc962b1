// Requests to one S3 bucket: addressed, signed, sent, tried again while that may help, and their
// failures as errors that name bucket, key, operation, cause and remedy. Thread-safe.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"
#include "storage/object_store.h"
#include "storage/s3/detail/s3_xml.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/clock_difference.h"
#include "aws/credentials.h"
#include "aws/http_client.h"
#include "aws/retry.h"
#include "aws/signature.h"

namespace muster {

// Where and how a bucket is reached: options, then environment, then profile.
struct S3Address {
    std::string bucket;
    std::string region;
    std::string base_url;  // "https://host:port" of requests to the bucket
    std::string host;      // of the Host header
    std::string path;      // before the key: "/" or "/bucket/"
    bool aws = true;       // no other endpoint was given
    std::string sse;
    std::string kms_key;
    std::string ca_file;
    RetryPolicy retry;
};
Result<S3Address> resolve_address(const std::string& bucket,
                                  const S3Options& options,
                                  const Environment& environment,
                                  const AwsProfile& profile);

struct S3Call {
    const char* operation;  // "GetObject": for messages and IAM hints
    std::string method;
    std::string key;     // "" for the bucket
    std::string prefix;  // of a list, for messages
    NameValues query = {};
    NameValues headers = {};
    std::string_view body = {};
    std::span<char> into = {};  // of a ranged read: exactly so many bytes
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t object_bytes = 0;
    };
    std::optional<Range> range = {};  // a read that is cut goes on where it was
    bool cleanup = false;             // is sent once even after a cancellation
    // Whether the body of a success is what it should be; one that is not counts as cut.
    bool (*whole)(std::string_view body) = nullptr;
};

struct S3Answer {
    HttpAnswer http;
    S3ErrorText error;
    int attempts = 1;

    bool ok() const { return http.status >= 200 && http.status < 300 && error.code.empty(); }
};

class S3Client {
  public:
    // `cancel` may be null; it and the clock must outlive this.
    S3Client(S3Address address,
             Environment environment,
             AwsProfile profile,
             bool profile_given,
             const Clock& clock,
             const CancelToken* cancel);

    // The last answer of the server, whatever it says. An Error: none came.
    Result<S3Answer> send(const S3Call& call);
    // The same, an answer that is no success as an error.
    Result<S3Answer> call(const S3Call& call);
    Error error_of(const S3Call& call, const S3Answer& answer);
    // "s3://bucket/key (GetObject)"
    std::string place(const S3Call& call) const;

    const S3Address& address() const { return address_; }
    const CancelToken* cancel() const { return cancel_; }
    // The server's clock minus ours; nothing before the first answer.
    std::optional<std::int64_t> clock_ahead_ms() const { return clock_difference_.ahead_ms(); }

  private:
    struct Progress;
    S3Answer answered(HttpAnswer http, const Progress& progress);
    HttpRequest signed_request(const S3Call& call, const AwsCredentials& credentials) const;
    Error transport_error(const S3Call& call, const HttpFailure& failure, int attempts) const;
    Error denied(const S3Call& call, const S3Answer& answer);
    Error wrong_region(const S3Call& call, const std::string& region) const;

    const S3Address address_;
    const Clock& clock_;
    const CancelToken* cancel_;
    HttpClient http_;
    CredentialChain chain_;
    ClockDifference clock_difference_;
};

// The name of the header by which S3 says in which region a bucket is.
inline constexpr const char* kBucketRegionHeader = "x-amz-bucket-region";

}  // namespace muster
