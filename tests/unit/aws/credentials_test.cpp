// The order of the sources of credentials, and what happens when one fails, against a server that
// plays instance metadata, container endpoint and STS.
#include "aws/credentials.h"

#include "support/http_script.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace muster {
namespace {

using Variables = std::map<std::string, std::string>;

// The clock stands at 2025-11-24T16:00:00Z.
constexpr std::int64_t kHourSeconds = 3'600;

std::string credentials_json(const std::string& id, const std::string& expiration) {
    return R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
           expiration + R"("})";
}

class S3Credentials : public testing::Test {
  protected:
    S3Credentials() { variables_["HOME"] = (folder_.path() / "nowhere").string(); }

    Environment environment() const {
        return [variables = variables_](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional{found->second};
        };
    }

    std::unique_ptr<CredentialChain> chain(const std::string& profile = "") {
        return std::make_unique<CredentialChain>(http_,
                                                 clock_,
                                                 environment(),
                                                 load_aws_profile(environment(), profile),
                                                 !profile.empty(),
                                                 "eu-west-1");
    }

    void write_credentials(const std::string& text) {
        const std::string file = (folder_.path() / "credentials").string();
        std::ofstream{file} << text;
        variables_["AWS_SHARED_CREDENTIALS_FILE"] = file;
    }

    TempFolder folder_;
    Variables variables_;
    ManualClock clock_;
    HttpClient http_{"", nullptr};
};

TEST_F(S3Credentials, NoneAnywhereIsSaidWithTheWayOut) {
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
    const auto found = chain()->get();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::kUsage);
    EXPECT_NE(found.error().hint.find("AWS_ACCESS_KEY_ID"), std::string::npos);
}

TEST_F(S3Credentials, TheEnvironmentComesFirstUnlessTheCatalogNamesAProfile) {
    variables_["AWS_ACCESS_KEY_ID"] = "env";
    variables_["AWS_SECRET_ACCESS_KEY"] = "s";
    variables_["AWS_SESSION_TOKEN"] = "t";
    write_credentials("[loader]\naws_access_key_id = file\naws_secret_access_key = s\n");
    EXPECT_EQ(chain()->get()->key.access_key_id, "env");
    EXPECT_EQ(chain()->get()->key.session_token, "t");
    EXPECT_EQ(chain("loader")->get()->key.access_key_id, "file");
    EXPECT_EQ(chain("loader")->get()->source, "profile loader");
}

TEST_F(S3Credentials, AProgramOfAProfilePrintsThem) {
    write_credentials(
        "[loader]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"made\","
        "\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
        "\"Expiration\":\"2025-11-24T18:30:00+01:30\"}'\n");
    const auto found = chain("loader")->get();
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->key.access_key_id, "made");
    EXPECT_EQ(found->key.session_token, "t");
    EXPECT_EQ(found->expires_at_us, parse_time_us("2025-11-24T17:00:00Z"));
    EXPECT_EQ(found->source, "the credential_process of profile loader");
}

// What a profile says, and the words of the error.
struct Unfit {
    const char* profile;
    const char* words;
};
constexpr Unfit kUnfit[] = {
    {"region = x", "profile 'loader' has no credentials in"},
    {"credential_process = echo no-login >&2; exit 3", "ended with exit code 3: no-login"},
    {"credential_process = echo '{}'", "printed no credentials"},
    {"sso_start_url = https://x", "signs in by sso_start_url"},
    {"sso_session = x", "signs in by sso_session"},
    {"role_arn = r", "has a role_arn and none of source_profile and credential_source"},
    {"role_arn = r\naws_access_key_id = k\naws_secret_access_key = s", "has a role_arn and none"},
    {"role_arn = r\nsource_profile = a\ncredential_source = Environment", "and both of"},
    {"role_arn = r\ncredential_source = Moon", "has the credential_source 'Moon'"},
    {"role_arn = r\ncredential_source = Environment", "credential_source 'Environment', which has"},
    {"role_arn = r\nsource_profile = gone", "names source_profile 'gone', which is not there"},
    {"role_arn = r\nsource_profile = empty", "source_profile 'empty', which has none"},
    {"role_arn = r\nsource_profile = loader", "leads back to itself: loader -> loader"},
    {"role_arn = r\nsource_profile = back", "leads back to itself: loader -> back -> loader"},
    {"role_arn = r\nsource_profile = a\nmfa_serial = m", "the code of a device (mfa_serial)"},
};

TEST_F(S3Credentials, AProfileThatCannotBeUsedSaysWhy) {
    for (const Unfit& unfit : kUnfit) {
        write_credentials(std::string{"[empty]\nregion = x\n[back]\nrole_arn = r\n"
                                      "source_profile = loader\n[loader]\n"} +
                          unfit.profile + "\n");
        const auto found = chain("loader")->get();
        ASSERT_FALSE(found.ok()) << unfit.profile;
        EXPECT_EQ(found.error().code, ErrorCode::kUsage) << unfit.profile;
        EXPECT_NE(found.error().message.find(unfit.words), std::string::npos)
            << found.error().message;
        EXPECT_FALSE(found.error().hint.empty()) << unfit.profile;
    }
}

HttpScript::Answer role_answer(const std::string& operation, const std::string& id) {
    return {.body = "<" + operation + "Response><" + operation +
                    "Result><Credentials><AccessKeyId>" + id +
                    "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                    "</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></" +
                    operation + "Result></" + operation + "Response>"};
}

TEST_F(S3Credentials, ARoleIsAskedForByWayOfOtherProfiles) {
    std::vector<std::string> bodies;
    HttpScript server{[&bodies](const std::string&, const std::string& body) {
        bodies.push_back(body);
        return role_answer("AssumeRole", "role-" + std::to_string(bodies.size()));
    }};
    variables_["AWS_ENDPOINT_URL"] = server.url() + "/base/";
    write_credentials(
        "[person]\naws_access_key_id = file\naws_secret_access_key = s\n"
        "[team]\nrole_arn = arn:team\nsource_profile = person\n"
        "[loader]\nrole_arn = arn:loader\nsource_profile = team\nexternal_id = e/1\n"
        "role_session_name = nightly\nduration_seconds = 900\n");
    const auto found = chain("loader")->get();
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->key.access_key_id, "role-2");
    EXPECT_EQ(found->key.session_token, "t");
    EXPECT_EQ(found->source, "the role of profile loader");
    ASSERT_EQ(bodies.size(), 2U);
    EXPECT_EQ(bodies[0],
              "Action=AssumeRole&RoleArn=arn%3Ateam&RoleSessionName=muster&Version=2011-06-15");
    EXPECT_EQ(bodies[1],
              "Action=AssumeRole&DurationSeconds=900&ExternalId=e%2F1&RoleArn=arn%3Aloader"
              "&RoleSessionName=nightly&Version=2011-06-15");
    const auto heads = server.heads();
    EXPECT_TRUE(heads[0].starts_with("POST /base/ ")) << heads[0];
    EXPECT_NE(heads[0].find("Credential=file/20251124/eu-west-1/sts/aws4_request"),
              std::string::npos)
        << heads[0];
    EXPECT_NE(heads[1].find("Credential=role-1/"), std::string::npos) << heads[1];
    EXPECT_NE(heads[1].find("x-amz-security-token: t\r\n"), std::string::npos) << heads[1];
}

HttpScript::Answer refused(const std::string& /*head*/, const std::string& /*body*/) {
    return {.status = 403,
            .body =
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
                "</ErrorResponse>"};
}

TEST_F(S3Credentials, ARefusedRoleNamesWhoAsked) {
    HttpScript server{refused};
    variables_["AWS_ENDPOINT_URL_STS"] = server.url();
    variables_["AWS_ACCESS_KEY_ID"] = "env";
    variables_["AWS_SECRET_ACCESS_KEY"] = "s";
    write_credentials("[loader]\nrole_arn = arn:loader\ncredential_source = Environment\n");
    const auto found = chain("loader")->get();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().message, "STS refused role arn:loader: AccessDenied (no)");
    EXPECT_NE(found.error().hint.find("identity of the environment"), std::string::npos);
}

TEST_F(S3Credentials, TimesMayHaveAnOffset) {
    const auto utc = parse_time_us("2025-11-24T16:00:00Z");
    ASSERT_TRUE(utc.has_value());
    EXPECT_EQ(*utc, clock_.now_us());
    for (const char* text : {"2025-11-24T16:00:00",
                             "2025-11-24T16:00:00.25Z",
                             "2025-11-24T17:00:00+01:00",
                             "2025-11-24T10:30:00.1-0530",
                             "2025-11-24T17:00:00+01"}) {
        EXPECT_EQ(parse_time_us(text), utc) << text;
    }
    EXPECT_FALSE(parse_time_us("tomorrow").has_value());
}

TEST_F(S3Credentials, TheContainerEndpointGetsItsToken) {
    HttpScript server{[](const std::string&, const std::string&) {
        return HttpScript::Answer{.body = credentials_json("box", "2100-01-01T00:00:00Z")};
    }};
    const std::string token = (folder_.path() / "token").string();
    std::ofstream{token} << "Bearer x\n";
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url() + "/creds";
    variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = token;
    EXPECT_EQ(chain()->get()->key.access_key_id, "box");
    ASSERT_EQ(server.heads().size(), 1U);
    EXPECT_NE(server.heads()[0].find("Authorization: Bearer x\r\n"), std::string::npos);
}

TEST_F(S3Credentials, AContainerEndpointThatFailsIsNotPassedOver) {
    HttpScript server{[](const std::string&, const std::string&) {
        return HttpScript::Answer{.status = 500, .body = "no"};
    }};
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url();
    const auto found = chain()->get();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(server.heads().size(), 3U);
}

TEST_F(S3Credentials, ACancelEndsTheTries) {
    CancelToken cancel;
    HttpScript server{[&cancel](const std::string&, const std::string&) {
        cancel.cancel();
        return HttpScript::Answer{.status = 500, .body = "no"};
    }};
    const std::string token = (folder_.path() / "token").string();
    std::ofstream{token} << "x";
    const Variables sources[] = {
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url()}},
        {{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
         {"AWS_WEB_IDENTITY_TOKEN_FILE", token},
         {"AWS_ENDPOINT_URL_STS", server.url()}},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}},
    };
    for (const Variables& source : sources) {
        variables_ = source;
        const auto found = chain()->get(&cancel);
        ASSERT_FALSE(found.ok());
        EXPECT_EQ(found.error().code, ErrorCode::kCancelled) << found.error().message;
    }
    EXPECT_LE(server.heads().size(), 1U);
}

TEST_F(S3Credentials, TheirSourceIsKnownAfterTheyEnded) {
    write_credentials("[loader]\naws_access_key_id = file\naws_secret_access_key = s\n");
    const auto sut = chain("loader");
    EXPECT_EQ(sut->source(), "unknown");
    const auto found = sut->get();
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_TRUE(sut->expired(found->key));
    EXPECT_EQ(sut->source(), "profile loader");
}

HttpScript::Answer instance(const std::string& head, const std::string& expiration) {
    if (head.starts_with("PUT /latest/api/token ")) {
        return {.body = "secret-token"};
    }
    if (head.find("X-aws-ec2-metadata-token: secret-token\r\n") == std::string::npos) {
        return {.status = 401, .body = ""};
    }
    return {.body = head.starts_with("GET /latest/meta-data/iam/security-credentials/ ")
                        ? "role-name"
                        : credentials_json("instance", expiration)};
}

TEST_F(S3Credentials, InstanceMetadataIsAskedWithAToken) {
    HttpScript server{[](const std::string& head, const std::string&) {
        return instance(head, "2100-01-01T00:00:00Z");
    }};
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url() + "/";
    EXPECT_EQ(chain()->get()->key.access_key_id, "instance");
    EXPECT_TRUE(server.heads().back().starts_with(
        "GET /latest/meta-data/iam/security-credentials/role-name "));
}

TEST_F(S3Credentials, NewOnesAreFetchedBeforeTheOldEnd) {
    std::atomic<bool> ill{false};
    HttpScript server{[&ill](const std::string& head, const std::string&) {
        return ill ? HttpScript::Answer{.status = 503, .body = ""}
                   : instance(head, "2025-11-24T18:00:00Z");
    }};
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
    const auto renewed = chain();
    ASSERT_TRUE(renewed->get().ok());
    ASSERT_TRUE(renewed->get().ok());
    EXPECT_EQ(server.heads().size(), 3U);
    clock_.advance_seconds(2 * kHourSeconds - 200);
    ASSERT_TRUE(renewed->get().ok());
    EXPECT_EQ(server.heads().size(), 6U);
    // They are still good for a while, so a failure to renew them stops nobody.
    ill = true;
    EXPECT_TRUE(renewed->get().ok());
    clock_.advance_seconds(kHourSeconds);
    EXPECT_FALSE(renewed->get().ok());
}

TEST_F(S3Credentials, WebIdentityIsTradedForARole) {
    std::string body_seen;
    HttpScript server{[&body_seen](const std::string&, const std::string& body) {
        body_seen = body;
        return role_answer("AssumeRoleWithWebIdentity", "web");
    }};
    const std::string token = (folder_.path() / "token").string();
    std::ofstream{token} << "a.b+c\n";
    variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = token;
    variables_["AWS_ENDPOINT_URL_STS"] = server.url();
    const auto found = chain()->get();
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->key.access_key_id, "web");
    EXPECT_NE(body_seen.find("WebIdentityToken=a.b%2Bc"), std::string::npos) << body_seen;
}

TEST_F(S3Credentials, ARefusedWebIdentityNamesRoleAndToken) {
    HttpScript server{refused};
    const std::string token = (folder_.path() / "token").string();
    std::ofstream{token} << "secret-token";
    variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = token;
    variables_["AWS_ENDPOINT_URL_STS"] = server.url();
    const auto found = chain()->get();
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().message.find("arn:aws:iam::1:role/r"), std::string::npos);
    EXPECT_NE(found.error().hint.find(token), std::string::npos);
    EXPECT_EQ(found.error().message.find("secret-token"), std::string::npos);
}

}  // namespace
}  // namespace muster
