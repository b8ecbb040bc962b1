// What environment and profile say of where a service is and how it is reached. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "aws/profile.h"

namespace muster {

// The region that is meant: the first that is not empty of `given`, AWS_REGION,
// AWS_DEFAULT_REGION, the profile's, us-east-1.
std::string aws_region(const std::string& given,
                       const Environment& environment,
                       const AwsProfile& profile);

// The first that is not empty of AWS_ENDPOINT_URL_<service>, AWS_ENDPOINT_URL and the profile's;
// "" if there is none, or AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true.
std::string configured_endpoint(const std::string& service,
                                const Environment& environment,
                                const AwsProfile& profile);

// AWS's own: https://SERVICE.REGION.amazonaws.com, in China with .cn behind it.
std::string aws_endpoint(const std::string& service, const std::string& region);

// The configured one, by the variable's name behind AWS_ENDPOINT_URL_, else AWS's own.
std::string service_endpoint(const std::string& service,
                             const std::string& variable_name,
                             const std::string& region,
                             const Environment& environment,
                             const AwsProfile& profile);

// The file of certificates to trust: AWS_CA_BUNDLE or the profile's; "" for those of the system.
std::string ca_file_of(const Environment& environment, const AwsProfile& profile);

struct AwsEndpoint {
    std::string scheme;  // "https://"
    std::string host;    // "host:port", as the Host header has it
    std::string path;    // "" or "/base", without a slash at its end
};
// Nothing if it is no URL of HTTP.
std::optional<AwsEndpoint> parse_endpoint(std::string url);

}  // namespace muster
