// The signing examples that AWS publishes: the header cases of the signature version 4 test suite
// that need no normalised path, which S3 has not, and the examples of the S3 API reference.
#include "aws/signature.h"

#include "core/sha256.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "aws/credentials.h"

namespace muster {
namespace {

std::string text(simdjson::dom::element vector, const char* name) {
    const std::string_view value = vector[name].get_string();
    return std::string{value};
}

NameValues pairs(simdjson::dom::element vector, const char* name) {
    NameValues out;
    const simdjson::dom::array found = vector[name].get_array();
    for (const auto pair : found) {
        const std::string_view key = pair.at(0).get_string();
        const std::string_view value = pair.at(1).get_string();
        out.emplace_back(std::string{key}, std::string{value});
    }
    return out;
}

TEST(Signature, PublishedVectors) {
    simdjson::dom::parser parser;
    const std::string file = MUSTER_SOURCE_DIR "/tests/unit/aws/sigv4_vectors.json";
    std::size_t seen = 0;
    const simdjson::dom::array vectors = parser.load(file).get_array();
    for (const auto vector : vectors) {
        SigningRequest request{.method = text(vector, "method"),
                               .path = text(vector, "path"),
                               .query = pairs(vector, "query"),
                               .headers = pairs(vector, "headers"),
                               .payload = sha256_hex(text(vector, "body"))};
        sign_v4(request,
                {.region = text(vector, "region"),
                 .service = text(vector, "service"),
                 .now_us = parse_time_us(text(vector, "time")).value()},
                {text(vector, "access_key_id"),
                 text(vector, "secret_access_key"),
                 text(vector, "session_token")});
        const std::string& made = request.headers.back().second;
        EXPECT_TRUE(made.ends_with("Signature=" + text(vector, "signature")))
            << text(vector, "name") << ": " << made;
        ++seen;
    }
    EXPECT_GE(seen, 20U);
}

TEST(Signature, AnotherSecretOrByteGivesAnotherSignature) {
    const auto sign = [](const std::string& secret, const std::string& path) {
        SigningRequest request{.method = "GET",
                               .path = path,
                               .query = {},
                               .headers = {{"host", "h"}},
                               .payload = sha256_hex("")};
        sign_v4(request, {.region = "r", .service = "s3", .now_us = 0}, {"id", secret, ""});
        return request.headers.back().second;
    };
    EXPECT_EQ(sign("a", "/x"), sign("a", "/x"));
    EXPECT_NE(sign("a", "/x"), sign("b", "/x"));
    EXPECT_NE(sign("a", "/x"), sign("a", "/y"));
}

TEST(Signature, KeysAreEncodedOnce) {
    EXPECT_EQ(uri_encode("a b/c+d%é~", true), "a%20b/c%2Bd%25%C3%A9~");
    EXPECT_EQ(uri_encode("a/b", false), "a%2Fb");
    EXPECT_EQ(canonical_query({{"b", "2 3"}, {"a", ""}}), "a=&b=2%203");
}

}  // namespace
}  // namespace muster
