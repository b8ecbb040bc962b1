#include "aws/endpoint.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>

namespace muster {
namespace {

std::string first_of(std::initializer_list<std::string> candidates) {
    for (const std::string& candidate : candidates) {
        if (!candidate.empty()) {
            return candidate;
        }
    }
    return {};
}

}  // namespace

std::string aws_region(const std::string& given,
                       const Environment& environment,
                       const AwsProfile& profile) {
    return first_of({given,
                     variable(environment, "AWS_REGION"),
                     variable(environment, "AWS_DEFAULT_REGION"),
                     profile.value("region"),
                     "us-east-1"});
}

std::string configured_endpoint(const std::string& service,
                                const Environment& environment,
                                const AwsProfile& profile) {
    if (variable(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") {
        return {};
    }
    return first_of({variable(environment, "AWS_ENDPOINT_URL_" + service),
                     variable(environment, "AWS_ENDPOINT_URL"),
                     profile.value("endpoint_url")});
}

std::string aws_endpoint(const std::string& service, const std::string& region) {
    return fmt::format(
        "https://{}.{}.amazonaws.com{}", service, region, region.starts_with("cn-") ? ".cn" : "");
}

std::string service_endpoint(const std::string& service,
                             const std::string& variable_name,
                             const std::string& region,
                             const Environment& environment,
                             const AwsProfile& profile) {
    return first_of(
        {configured_endpoint(variable_name, environment, profile), aws_endpoint(service, region)});
}

std::string ca_file_of(const Environment& environment, const AwsProfile& profile) {
    return first_of({variable(environment, "AWS_CA_BUNDLE"), profile.value("ca_bundle")});
}

std::optional<AwsEndpoint> parse_endpoint(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    const std::size_t scheme = url.find("://");
    if (scheme == url.npos || !url.starts_with("http")) {
        return std::nullopt;
    }
    const std::size_t host = scheme + 3;
    const std::size_t path = std::min(url.find('/', host), url.size());
    if (path == host) {
        return std::nullopt;
    }
    return AwsEndpoint{.scheme = url.substr(0, host),
                       .host = url.substr(host, path - host),
                       .path = url.substr(path)};
}

}  // namespace muster
