#include "aws/detail/signed_post.h"

#include "core/sha256.h"

namespace muster {

HttpRequest signed_post(const AwsEndpoint& endpoint,
                        NameValues headers,
                        const std::string& body,
                        const SigningScope& scope,
                        const SigningKey& key) {
    const std::string path = endpoint.path + "/";
    headers.emplace_back("host", endpoint.host);
    // All services but S3 sign the path encoded once more (Signature Version 4, canonical request).
    SigningRequest request{.method = "POST",
                           .path = uri_encode(path, true),
                           .query = {},
                           .headers = std::move(headers),
                           .payload = sha256_hex(body)};
    sign_v4(request, scope, key);
    return {.method = "POST",
            .url = endpoint.scheme + endpoint.host + path,
            .headers = std::move(request.headers),
            .body = body,
            .into = {}};
}

}  // namespace muster
