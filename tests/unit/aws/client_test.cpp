// Requests to services of AWS and what becomes of their failures, against a server on loopback.
#include "aws/client.h"

#include "core/sha256.h"
#include "support/http_script.h"
#include "support/manual_clock.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

constexpr AwsService kJson{.name = "redshift-data",
                           .variable = "REDSHIFT_DATA",
                           .target = "RedshiftData",
                           .version = "",
                           .right = "redshift-data"};
constexpr AwsService kQuery{.name = "redshift",
                            .variable = "REDSHIFT",
                            .target = "",
                            .version = "2012-12-01",
                            .right = "redshift"};

class AwsClientTest : public testing::Test {
  protected:
    AwsClient client(const AwsService& service, std::map<std::string, std::string> more = {}) {
        more.emplace("AWS_ACCESS_KEY_ID", "AKID");
        more.emplace("AWS_SECRET_ACCESS_KEY", "secret-key");
        more.emplace("AWS_REGION", "eu-central-1");
        more.emplace("AWS_EC2_METADATA_DISABLED", "true");
        const Environment environment =
            [more](const std::string& name) -> std::optional<std::string> {
            const auto found = more.find(name);
            return found == more.end() ? std::nullopt : std::optional{found->second};
        };
        return {service, {environment, "", ""}, clock_};
    }
    std::map<std::string, std::string> at(const HttpScript& server) {
        return {{"AWS_ENDPOINT_URL", server.url()}};
    }

    ManualClock clock_;
};

TEST_F(AwsClientTest, SendsJsonSigned) {
    const HttpScript server{[](const std::string&, const std::string& body) {
        return HttpScript::Answer{.status = body == "{}" ? 200 : 400, .body = R"({"Id":"x"})"};
    }};
    AwsClient sut = client(kJson, at(server));
    const auto answer = sut.send_json("ExecuteStatement", "{}", nullptr);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->body, R"({"Id":"x"})");
    const std::string head = server.heads().at(0);
    EXPECT_NE(head.find("POST / HTTP/1.1"), head.npos) << head;
    EXPECT_NE(head.find("x-amz-target: RedshiftData.ExecuteStatement"), head.npos) << head;
    EXPECT_NE(head.find("/eu-central-1/redshift-data/aws4_request"), head.npos) << head;
    EXPECT_EQ(head.find("secret-key"), head.npos) << head;
}

TEST_F(AwsClientTest, SendsQueries) {
    std::string sent;
    const HttpScript server{[&sent](const std::string&, const std::string& body) {
        sent = body;
        return HttpScript::Answer{};
    }};
    AwsClient sut = client(kQuery, at(server));
    ASSERT_TRUE(sut.send_query("GetClusterCredentials", {{"DbUser", "a b&c"}}, nullptr).ok());
    EXPECT_EQ(sent, "Action=GetClusterCredentials&DbUser=a%20b%26c&Version=2012-12-01");
}

TEST_F(AwsClientTest, AnEndpointMayHaveAPath) {
    const HttpScript server{
        [](const std::string&, const std::string&) { return HttpScript::Answer{}; }};
    AwsClient sut = client(kJson, {{"AWS_ENDPOINT_URL", server.url() + "/base%20x/"}});
    ASSERT_TRUE(sut.send_json("ExecuteStatement", "{}", nullptr).ok());
    const std::string host = server.url().substr(std::string{"http://"}.size());
    EXPECT_EQ(sut.place("X"), "X at " + host);
    const std::string head = server.heads().at(0);
    EXPECT_TRUE(head.starts_with("POST /base%20x/ HTTP/1.1\r\n")) << head;
    EXPECT_NE(head.find("\r\nHost: " + host + "\r\n"), head.npos) << head;
    SigningRequest expected{.method = "POST",
                            .path = "/base%2520x/",
                            .query = {},
                            .headers = {{"content-type", "application/x-amz-json-1.1"},
                                        {"x-amz-target", "RedshiftData.ExecuteStatement"},
                                        {"host", host}},
                            .payload = sha256_hex("{}")};
    sign_v4(expected,
            {.region = "eu-central-1", .service = "redshift-data", .now_us = clock_.now_us()},
            {.access_key_id = "AKID", .secret_access_key = "secret-key", .session_token = {}});
    EXPECT_EQ(expected.headers.back().first, "authorization");
    EXPECT_NE(head.find(expected.headers.back().second), head.npos) << head;
}

TEST_F(AwsClientTest, ACancelEndsTheSearchForCredentialsUnlessTheRequestIsToBeWhole) {
    const HttpScript server{[](const std::string& head, const std::string&) {
        return HttpScript::Answer{
            .body = head.starts_with("GET /creds ")
                        ? R"({"AccessKeyId":"i","SecretAccessKey":"s","Token":"t"})"
                        : "{}"};
    }};
    AwsClient sut = client(kJson,
                           {{"AWS_ACCESS_KEY_ID", ""},
                            {"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/creds"},
                            {"AWS_ENDPOINT_URL", server.url()}});
    CancelToken cancel;
    cancel.cancel();
    const auto cut = sut.send_json("ExecuteStatement", "{}", &cancel);
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().code, ErrorCode::kCancelled);
    const auto whole = sut.send_json("ExecuteStatement", "{}", &cancel, true);
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    EXPECT_EQ(whole->body, "{}");
}

TEST_F(AwsClientTest, TriesAgainWhatPasses) {
    int asked = 0;
    const HttpScript server{[&asked](const std::string&, const std::string&) {
        ++asked;
        return asked == 1   ? HttpScript::Answer{.status = 500}
               : asked == 2 ? HttpScript::Answer{.status = 400,
                                                 .body = R"({"__type":"x#ThrottlingException"})"}
               : asked == 3 ? HttpScript::Answer{.cut = true}
                            : HttpScript::Answer{};
    }};
    AwsClient sut = client(kJson, at(server));
    const auto answer = sut.send_json("DescribeStatement", "{}", nullptr);
    ASSERT_TRUE(answer.ok() && answer->ok());
    EXPECT_EQ(answer->attempts, 4);
}

TEST_F(AwsClientTest, NamesWhatWentWrong) {
    struct Case {
        HttpScript::Answer answer;
        ErrorCode code;
        const char* message;
        const char* hint;
    };
    const Case cases[] = {
        {{.status = 400, .body = R"({"__type":"AccessDeniedException","Message":"no right"})"},
         ErrorCode::kIo,
         "access denied (no right)",
         "the environment the right redshift-data:CancelStatement"},
        {{.status = 400,
          .body = R"({"__type":"InvalidSignatureException","message":"Signature expired: x"})",
          .headers = "Date: Mon, 24 Nov 2025 17:00:00 GMT\r\n"},
         ErrorCode::kIo,
         "the clock of this machine is 3600 s behind",
         "NTP"},
        {{.status = 403, .body = R"({"__type":"UnrecognizedClientException"})"},
         ErrorCode::kIo,
         "does not accept the credentials from the environment: UnrecognizedClientException",
         "access key"},
        {{.status = 400, .body = "{}", .headers = "x-amzn-ErrorType: ExpiredTokenException:x\r\n"},
         ErrorCode::kIo,
         "the session token from the environment has expired",
         "get new"},
        {{.status = 400, .body = R"({"__type":"a#ResourceNotFoundException","message":"none"})"},
         ErrorCode::kUsage,
         "ResourceNotFoundException (none)",
         "in region eu-central-1"},
        {{.status = 418, .body = "<html>"}, ErrorCode::kIo, "status 418", ""},
    };
    for (const Case& one : cases) {
        const HttpScript server{
            [&one](const std::string&, const std::string&) { return one.answer; }};
        AwsClient sut = client(kJson, at(server));
        const auto answer = sut.send_json("CancelStatement", "{}", nullptr);
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        ASSERT_FALSE(answer->ok());
        const Error error = sut.error_of("CancelStatement", *answer);
        EXPECT_EQ(error.code, one.code) << error.message;
        EXPECT_NE(error.message.find(one.message), error.message.npos) << error.message;
        EXPECT_NE(error.hint.find(one.hint), error.hint.npos) << error.hint;
    }
}

TEST_F(AwsClientTest, FindsItsEndpoint) {
    const auto place = [this](std::map<std::string, std::string> more) {
        return client(kJson, std::move(more)).place("X");
    };
    EXPECT_EQ(place({}), "X at redshift-data.eu-central-1.amazonaws.com");
    EXPECT_EQ(place({{"AWS_REGION", "cn-north-1"}}),
              "X at redshift-data.cn-north-1.amazonaws.com.cn");
    EXPECT_EQ(place({{"AWS_ENDPOINT_URL", "http://a:1/"}}), "X at a:1");
    EXPECT_EQ(
        place({{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_ENDPOINT_URL_REDSHIFT_DATA", "http://b"}}),
        "X at b");
    for (const char* text : {"here", "https://", "https:///x"}) {
        AwsClient bad = client(kJson, {{"AWS_ENDPOINT_URL", text}});
        const auto answer = bad.send_json("X", "{}", nullptr);
        ASSERT_FALSE(answer.ok()) << text;
        EXPECT_EQ(answer.error().code, ErrorCode::kUsage) << text;
    }
}

}  // namespace
}  // namespace muster
