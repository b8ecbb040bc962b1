#include "core/text.h"
#include "storage/s3/detail/s3_client.h"

#include <fmt/core.h>

#include <algorithm>

#include "aws/endpoint.h"

namespace muster {
namespace {

// The rules of bucket names that matter for a URL (S3 user guide, bucket naming rules).
bool valid_bucket(std::string_view bucket) {
    return bucket.size() >= 3 && bucket.size() <= 63 &&
           std::all_of(bucket.begin(), bucket.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
           });
}

Result<void> set_endpoint(const std::string& endpoint, bool path_style, S3Address& address) {
    const auto parsed = parse_endpoint(endpoint);
    if (!parsed) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("the S3 endpoint is '{}'", endpoint),
                     .hint = "write https://HOST or http://HOST:PORT"};
    }
    address.host = parsed->host;
    address.path = parsed->path + "/";
    if (path_style) {
        address.path += address.bucket + "/";
    } else {
        address.host = address.bucket + "." + address.host;
    }
    address.base_url = parsed->scheme + address.host;
    return {};
}

}  // namespace

Result<S3Address> resolve_address(const std::string& bucket,
                                  const S3Options& options,
                                  const Environment& environment,
                                  const AwsProfile& profile) {
    if (!valid_bucket(bucket)) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("'{}' is no name of a bucket", printable(bucket)),
                     .hint =
                         "write s3://BUCKET/PREFIX; a bucket has 3 to 63 lower-case letters, "
                         "digits, dots and hyphens"};
    }
    S3Address address;
    address.bucket = bucket;
    address.region = aws_region(options.region, environment, profile);
    address.sse = options.sse;
    address.kms_key = options.kms_key;
    address.ca_file = ca_file_of(environment, profile);
    MUSTER_TRY(read_attempts(environment, profile, address.retry));
    std::string endpoint = !options.endpoint.empty()
                               ? options.endpoint
                               : configured_endpoint("S3", environment, profile);
    address.aws = endpoint.empty();
    if (address.aws) {
        endpoint = aws_endpoint("s3", address.region);
    }
    // A dot in the name would need a certificate of its own.
    const bool dots = bucket.find('.') != bucket.npos;
    MUSTER_TRY(set_endpoint(endpoint, options.path_style.value_or(!address.aws || dots), address));
    return address;
}

}  // namespace muster
