// Profiles, endpoints, pauses between attempts, and the answers that hold credentials.
#include "support/manual_clock.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "aws/clock_difference.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http_client.h"
#include "aws/profile.h"
#include "aws/retry.h"
#include "aws/xml.h"

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

TEST(Retry, WaitsARandomPartOfADoublingBound) {
    const RetryPolicy policy{.attempts_max = 8, .base_ms = 100, .bound_ms = 1'000};
    EXPECT_EQ(backoff_ms(policy, 1, 0.0), 0);
    EXPECT_EQ(backoff_ms(policy, 1, 0.99), 99);
    EXPECT_EQ(backoff_ms(policy, 3, 0.5), 200);
    EXPECT_EQ(backoff_ms(policy, 5, 0.999), 999);
    EXPECT_EQ(backoff_ms(policy, 1'000, 0.5), 500);
    for (int i = 0; i < 100; ++i) {
        const double random = random_fraction();
        EXPECT_TRUE(random >= 0.0 && random < 1.0);
    }
}

TEST(Retry, OnlyWhatMayPassIsTriedAgain) {
    for (const int status : {429, 500, 502, 503, 504}) {
        EXPECT_TRUE(passes_by_itself(status, "")) << status;
    }
    for (const int status : {200, 301, 400, 403, 404, 409, 412, 501}) {
        EXPECT_FALSE(passes_by_itself(status, "AccessDenied")) << status;
    }
    EXPECT_TRUE(passes_by_itself(400, "RequestTimeout"));
    EXPECT_TRUE(passes_by_itself(200, "InternalError"));
    EXPECT_TRUE(passes_by_itself(409, "ConditionalRequestConflict"));
}

TEST(Retry, BrokenConnectionsMayPassButNoCertificateDoes) {
    using Kind = HttpFailure::Kind;
    for (const Kind kind : {Kind::kConnect, Kind::kBroken, Kind::kMalformed}) {
        EXPECT_TRUE(passes_by_itself(kind));
    }
    for (const Kind kind : {Kind::kTls, Kind::kCancelled, Kind::kLibrary}) {
        EXPECT_FALSE(passes_by_itself(kind));
    }
}

TEST(Retry, AServerMayAskForHalfAMinute) {
    const auto asked_ms = [](const std::string& text) {
        return HttpAnswer{.headers = {{"retry-after", text}}, .body = {}}.retry_after_ms();
    };
    EXPECT_EQ(HttpAnswer{}.retry_after_ms(), 0);
    EXPECT_EQ(asked_ms("0"), 0);
    EXPECT_EQ(asked_ms("30"), 30'000);
    EXPECT_EQ(asked_ms("31"), 30'000);
    EXPECT_EQ(asked_ms("9223372036854775807"), 30'000);
    EXPECT_EQ(asked_ms("-9223372036854775808"), 0);
    EXPECT_EQ(asked_ms("soon"), 0);
}

TEST(Retry, ACancelledWaitEndsAtOnce) {
    CancelToken cancel;
    cancel.cancel();
    EXPECT_FALSE(wait_ms(60'000, &cancel));
    EXPECT_TRUE(wait_ms(0, nullptr));
}

TEST(AwsProfile, ReadsSectionsOfBothFiles) {
    const TempFolder folder;
    const std::string config = (folder.path() / "config").string();
    const std::string credentials = (folder.path() / "credentials").string();
    std::ofstream{config} << "[default]\nregion = us-west-2\n"
                             "[profile loader]\n# a comment\nregion=eu-central-1\ns3 =\n"
                             "  addressing_style = path\nendpoint_url = http://127.0.0.1:1\n";
    std::ofstream{credentials} << "[loader]\naws_access_key_id = id\r\n"
                                  "aws_secret_access_key = a=b\n[other]\naws_access_key_id = no\n";
    const Variables files{{"AWS_CONFIG_FILE", config},
                          {"AWS_SHARED_CREDENTIALS_FILE", credentials}};
    const AwsProfile loader = load_aws_profile(environment_of(files), "loader");
    EXPECT_TRUE(loader.found);
    EXPECT_EQ(loader.value("region"), "eu-central-1");
    EXPECT_EQ(loader.value("endpoint_url"), "http://127.0.0.1:1");
    EXPECT_EQ(loader.value("aws_access_key_id"), "id");
    EXPECT_EQ(loader.value("aws_secret_access_key"), "a=b");
    EXPECT_EQ(loader.value("addressing_style"), "");
    EXPECT_EQ(load_aws_profile(environment_of(files), "").value("region"), "us-west-2");
    EXPECT_FALSE(load_aws_profile(environment_of(files), "absent").found);
    EXPECT_FALSE(load_aws_profile({}, "").found);
}

TEST(AwsEndpoint, InItsParts) {
    const auto plain = parse_endpoint("https://a.example.com");
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->scheme, "https://");
    EXPECT_EQ(plain->host, "a.example.com");
    EXPECT_EQ(plain->path, "");
    const auto below = parse_endpoint("http://a:1/b/c//");
    ASSERT_TRUE(below.has_value());
    EXPECT_EQ(below->scheme, "http://");
    EXPECT_EQ(below->host, "a:1");
    EXPECT_EQ(below->path, "/b/c");
    for (const char* text :
         {"", "here", "ftp://a", "http:", "https://", "https:///", "http:///b"}) {
        EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
    }
}

TEST(AwsEndpoint, IsTheFirstThatIsConfigured) {
    AwsProfile profile;
    Variables variables;
    const auto endpoint = [&] {
        return configured_endpoint("S3", environment_of(variables), profile);
    };
    const auto ca_file = [&] { return ca_file_of(environment_of(variables), profile); };
    EXPECT_EQ(endpoint(), "");
    EXPECT_EQ(ca_file(), "");
    profile.values = {{"endpoint_url", "http://profile"}, {"ca_bundle", "profile.pem"}};
    EXPECT_EQ(endpoint(), "http://profile");
    EXPECT_EQ(ca_file(), "profile.pem");
    variables = {{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_CA_BUNDLE", "all.pem"}};
    EXPECT_EQ(endpoint(), "http://all");
    EXPECT_EQ(ca_file(), "all.pem");
    variables["AWS_ENDPOINT_URL_S3"] = "http://s3";
    EXPECT_EQ(endpoint(), "http://s3");
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
    EXPECT_EQ(endpoint(), "");
}

TEST(ClockDifference, OfAnAnswerWithADate) {
    const ManualClock clock;  // 2025-11-24T16:00:00Z
    ClockDifference difference;
    EXPECT_EQ(difference.ahead_ms(), std::nullopt);
    difference.note(HttpAnswer{}, clock);
    EXPECT_EQ(difference.ahead_ms(), std::nullopt);
    difference.note(HttpAnswer{.headers = {{"date", "Mon, 24 Nov 2025 15:59:58 GMT"}}, .body = {}},
                    clock);
    EXPECT_EQ(difference.ahead_ms(), -2'000);
}

TEST(Credentials, OfJsonAndTimes) {
    EXPECT_EQ(parse_time_us("1970-01-02T00:00:01Z"), 86'401'000'000);
    EXPECT_FALSE(parse_time_us("soon").has_value());
    const auto found = parse_credentials_json(
        R"({"Code":"Success","AccessKeyId":"i","SecretAccessKey":"s","Token":"t",)"
        R"("Expiration":"2026-01-01T00:00:00Z"})");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->key.session_token, "t");
    EXPECT_GT(found->expires_at_us, 0);
    EXPECT_FALSE(parse_credentials_json(R"({"Code":"Failed"})").has_value());
    EXPECT_FALSE(parse_credentials_json("<html>").has_value());
}

TEST(Xml, TextsByTheirPathAndErrors) {
    EXPECT_EQ(xml_text_at("<a><b><c>1 &lt; 2</c></b></a>", {"b", "c"}), "1 < 2");
    EXPECT_EQ(xml_text_at("<a><b/></a>", {"b", "c"}), std::nullopt);
    EXPECT_EQ(xml_text_at("no xml", {}), std::nullopt);
    const AwsErrorText error = parse_error_response(
        "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ClusterNotFound</Code>"
        "<Message>a &amp; b</Message></Error></ErrorResponse>");
    EXPECT_EQ(error.code, "ClusterNotFound");
    EXPECT_EQ(error.message, "a & b");
    EXPECT_EQ(parse_error_response("<html>").code, "");
    const AwsErrorText inside = parse_error_response(
        "<ErrorResponse><Errors><Error><Code>c</Code><Message>m</Message></Error></Errors>"
        "</ErrorResponse>");
    EXPECT_EQ(inside.code + inside.message, "cm");
}

}  // namespace
}  // namespace muster
