// The parts of the S3 store that need no server.
#include "storage/object_store.h"
#include "storage/s3/detail/s3_client.h"
#include "storage/s3/detail/s3_writer.h"
#include "storage/s3/detail/s3_xml.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "aws/profile.h"

namespace muster {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
    return
        [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional{found->second};
        };
}

S3Address address_of(const std::string& bucket, const S3Options& options, Variables variables) {
    const Environment environment = environment_of(std::move(variables));
    auto address = resolve_address(
        bucket, options, environment, load_aws_profile(environment, options.profile));
    EXPECT_TRUE(address.ok()) << address.error().message;
    return *std::move(address);
}

TEST(S3Address, OfAws) {
    const S3Address plain = address_of("lake", {}, {{"AWS_REGION", "eu-west-1"}});
    EXPECT_EQ(plain.base_url, "https://lake.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(plain.path, "/");
    EXPECT_EQ(plain.region, "eu-west-1");
    const S3Address dotted = address_of("a.lake", {}, {});
    EXPECT_EQ(dotted.base_url, "https://s3.us-east-1.amazonaws.com");
    EXPECT_EQ(dotted.path, "/a.lake/");
    const S3Address china = address_of("lake", {.region = "cn-north-1"}, {});
    EXPECT_EQ(china.host, "lake.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3Address, OfAnotherServer) {
    const S3Address given = address_of(
        "lake", {.endpoint = "http://127.0.0.1:9000/"}, {{"AWS_ENDPOINT_URL", "http://x"}});
    EXPECT_EQ(given.base_url, "http://127.0.0.1:9000");
    EXPECT_EQ(given.path, "/lake/");
    const S3Address hosts = address_of(
        "lake",
        {.path_style = false},
        {{"AWS_ENDPOINT_URL_S3", "https://s3.example.com/base"}, {"AWS_ENDPOINT_URL", "http://x"}});
    EXPECT_EQ(hosts.base_url, "https://lake.s3.example.com");
    EXPECT_EQ(hosts.path, "/base/");
    const auto wrong = resolve_address("lake", {.endpoint = "ftp://x"}, {}, {});
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().code, ErrorCode::kUsage);
    for (const char* name : {"", "ab", "UPPER", "a/b", "under_score"}) {
        EXPECT_FALSE(resolve_address(name, {}, {}, {}).ok()) << name;
    }
}

TEST(S3Address, AttemptsHaveLimits) {
    EXPECT_EQ(address_of("lake", {}, {{"AWS_MAX_ATTEMPTS", "1"}}).retry.attempts_max, 1);
    for (const char* text : {"0", "101", "x", "1x"}) {
        EXPECT_FALSE(
            resolve_address("lake", {}, environment_of({{"AWS_MAX_ATTEMPTS", text}}), {}).ok())
            << text;
    }
}

TEST(S3Xml, Errors) {
    const S3ErrorText error = parse_s3_error(
        "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code>"
        "<Message>a &amp; b</Message><Region>eu-west-3</Region></Error>");
    EXPECT_EQ(error.code, "AuthorizationHeaderMalformed");
    EXPECT_EQ(error.message, "a & b");
    EXPECT_EQ(error.region, "eu-west-3");
    EXPECT_EQ(parse_s3_error("<html>").code, "");
    EXPECT_EQ(parse_s3_error("").code, "");
}

TEST(S3Xml, PagesOfAList) {
    const std::string start = "<ListBucketResult xmlns=\"x\"><EncodingType>url</EncodingType>";
    const auto page = parse_s3_page(
        start +
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
        "<Contents><Key>a+b%2Fc%25</Key><Size>18446744073709551615</Size>"
        "<ETag>&quot;e-2&quot;</ETag></Contents></ListBucketResult>");
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->entries.size(), 1U);
    EXPECT_EQ(page->entries[0].key, "a b/c%");
    EXPECT_EQ(page->entries[0].bytes, UINT64_MAX);
    EXPECT_EQ(page->entries[0].etag, "e-2");
    EXPECT_EQ(page->next_token, "t");
    // Cut, without a size, without the token that it promises, something else.
    for (const std::string& bad : {start + "<Contents><Key>a</Key>",
                                   start + "<Contents><Key>a</Key></Contents></ListBucketResult>",
                                   start + "<IsTruncated>true</IsTruncated></ListBucketResult>",
                                   std::string{"<html/>"},
                                   std::string{}}) {
        EXPECT_FALSE(parse_s3_page(bad).ok()) << bad;
    }
}

TEST(S3Xml, WhatIsSentIsEscaped) {
    EXPECT_NE(delete_body({"a&b<c>"}).find("<Key>a&amp;b&lt;c&gt;</Key>"), std::string::npos);
    EXPECT_NE(complete_body({"\"x\""}).find("<PartNumber>1</PartNumber><ETag>\"x\"</ETag>"),
              std::string::npos);
    const auto fault = parse_s3_delete(
        "<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code></Error></DeleteResult>");
    ASSERT_TRUE(fault.ok() && fault->has_value());
    EXPECT_EQ((*fault)->code, "AccessDenied");
    EXPECT_FALSE(parse_s3_delete("").ok());
}

TEST(S3Writer, PartsGrowSoThatTenThousandHoldAnyObject) {
    EXPECT_EQ(part_bytes(1), kPartBytes);
    EXPECT_EQ(part_bytes(kPartsOfOneSize), kPartBytes);
    EXPECT_EQ(part_bytes(kPartsOfOneSize + 1), 2 * kPartBytes);
    EXPECT_LE(part_bytes(10'000), std::size_t{5} << 30);
}

TEST(S3Store, UrlsOfObjects) {
    EXPECT_EQ(split_object_url("s3://b/p/x.csv").store_url, "s3://b/p/");
    EXPECT_EQ(split_object_url("s3://b/p/x.csv").key.str(), "x.csv");
    EXPECT_EQ(split_object_url("s3://b/x.csv").store_url, "s3://b/");
    EXPECT_TRUE(split_object_url("s3://b").key.empty());
    EXPECT_TRUE(split_object_url("s3://b/p/").key.empty());
    EXPECT_EQ(split_object_url("/a/b.csv").store_url, "/a");
    EXPECT_EQ(split_object_url("/a/b.csv").key.str(), "b.csv");
}

}  // namespace
}  // namespace muster
