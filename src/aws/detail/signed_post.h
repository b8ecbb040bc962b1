// A POST to a service of AWS other than S3. Pure function.
#pragma once

#include <string>

#include "aws/endpoint.h"
#include "aws/http_client.h"
#include "aws/signature.h"

namespace muster {

// To the endpoint's path and "/". `body` must outlive the request.
HttpRequest signed_post(const AwsEndpoint& endpoint,
                        NameValues headers,
                        const std::string& body,
                        const SigningScope& scope,
                        const SigningKey& key);

}  // namespace muster
