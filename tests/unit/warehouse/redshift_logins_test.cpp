// Logins that AWS gives out: asked for once, renewed before they end, never shown.
#include "support/http_script.h"
#include "support/manual_clock.h"
#include "warehouse/redshift/logins.h"

#include <gtest/gtest.h>

namespace muster::redshift {
namespace {

// The clock stands at 2025-11-24T16:00:00Z.
constexpr const char* kEnd = "2025-11-24T16:15:00Z";
constexpr double kEndSeconds = 1'764'000'900;

std::string cluster_answer(const std::string& operation,
                           const std::string& password,
                           const std::string& end = kEnd) {
    return "<" + operation + "Response><" + operation + "Result><DbUser>IAM:loader</DbUser>" +
           "<DbPassword>" + password + "</DbPassword><Expiration>" + end + "</Expiration></" +
           operation + "Result></" + operation + "Response>";
}

std::string secret_answer(const std::string& value) {
    return R"({"ARN":"a","SecretString":")" + value + R"("})";
}

class RedshiftLogins : public testing::Test {
  protected:
    std::shared_ptr<PgLoginSource> source(const std::string& url, const HttpScript& server) {
        const auto address = parse_address(url);
        EXPECT_TRUE(address.ok()) << address.error().message;
        const std::map<std::string, std::string> variables{
            {"AWS_ENDPOINT_URL", server.url()},
            {"AWS_ACCESS_KEY_ID", "AKID"},
            {"AWS_SECRET_ACCESS_KEY", "key"},
            {"AWS_MAX_ATTEMPTS", "1"},
        };
        return make_login_source(
            *address,
            {[variables](const std::string& name) -> std::optional<std::string> {
                 const auto found = variables.find(name);
                 return found == variables.end() ? std::nullopt : std::optional{found->second};
             },
             "",
             address->region},
            clock_);
    }

    ManualClock clock_;
};

TEST_F(RedshiftLogins, OfAClusterAreKeptAndRenewedBeforeTheyEnd) {
    int asked = 0;
    std::string sent;
    const HttpScript server{[&](const std::string&, const std::string& body) {
        sent = body;
        ++asked;
        return HttpScript::Answer{.body =
                                      cluster_answer("GetClusterCredentials",
                                                     "p" + std::to_string(asked),
                                                     asked == 1 ? kEnd : "2025-11-24T16:30:00Z")};
    }};
    const auto sut =
        source("redshift://loader@h/dev?iam=true&cluster_identifier=c&auto_create=1&db_groups=g,h",
               server);
    for (int i = 0; i < 2; ++i) {
        const auto login = sut->get(nullptr);
        ASSERT_TRUE(login.ok()) << login.error().message;
        EXPECT_EQ(login->user, "IAM:loader");
        EXPECT_EQ(login->password, "p1");
    }
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(sent,
              "Action=GetClusterCredentials&AutoCreate=true&ClusterIdentifier=c&"
              "DbGroups.DbGroup.1=g&DbGroups.DbGroup.2=h&DbName=dev&DbUser=loader&"
              "Version=2012-12-01");
    clock_.advance_seconds(15 * 60 - 121);
    EXPECT_EQ(sut->get(nullptr)->password, "p1");
    clock_.advance_seconds(1);
    EXPECT_EQ(sut->get(nullptr)->password, "p2");
    sut->refused({"IAM:loader", "p1"});  // an old one: the current one stays
    EXPECT_EQ(sut->get(nullptr)->password, "p2");
    sut->refused({"IAM:loader", "p2"});
    EXPECT_EQ(sut->get(nullptr)->password, "p3");
}

TEST_F(RedshiftLogins, ThatAreStillGoodBridgeAFailure) {
    bool ill = false;
    const HttpScript server{[&](const std::string&, const std::string&) {
        return ill ? HttpScript::Answer{.status = 500}
                   : HttpScript::Answer{.body =
                                            cluster_answer("GetClusterCredentialsWithIAM", "p")};
    }};
    const auto sut = source("redshift://h/dev?iam=true&cluster_identifier=c", server);
    ASSERT_TRUE(sut->get(nullptr).ok());
    ill = true;
    clock_.advance_seconds(15 * 60 - 1);
    EXPECT_TRUE(sut->get(nullptr).ok());
    clock_.advance_seconds(2);
    const auto login = sut->get(nullptr);
    ASSERT_FALSE(login.ok());
    EXPECT_EQ(login.error().code, ErrorCode::kUnavailable);
}

TEST_F(RedshiftLogins, OfRedshiftServerless) {
    std::string sent;
    std::string end = std::to_string(kEndSeconds);
    const HttpScript server{[&](const std::string&, const std::string& body) {
        sent = body;
        return HttpScript::Answer{.body = R"({"dbUser":"IAM:me","dbPassword":"p","expiration":)" +
                                          end + "}"};
    }};
    const std::string url = "redshift://h/dev?iam=true&workgroup=w";
    const auto sut = source(url, server);
    const auto login = sut->get(nullptr);
    ASSERT_TRUE(login.ok()) << login.error().message;
    EXPECT_EQ(login->user, "IAM:me");
    EXPECT_EQ(sent, R"({"workgroupName":"w","dbName":"dev"})");
    end = std::string("\"") + kEnd + "\"";
    EXPECT_TRUE(source(url, server)->get(nullptr).ok());
    for (const char* wrong : {"0", "-1", "1e300", "null", "\"soon\""}) {
        end = wrong;
        const auto refused = source(url, server)->get(nullptr);
        ASSERT_FALSE(refused.ok()) << wrong;
        EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    }
}

TEST_F(RedshiftLogins, OfASecret) {
    std::string answer = secret_answer(R"({\"username\":\"u\",\"password\":\"p\"})");
    const HttpScript server{
        [&](const std::string&, const std::string&) { return HttpScript::Answer{.body = answer}; }};
    const auto sut = source("redshift://h/dev?secret_arn=loader", server);
    EXPECT_EQ(sut->get(nullptr)->password, "p");
    answer = secret_answer(R"({\"username\":\"u\",\"password\":\"q\"})");
    EXPECT_EQ(sut->get(nullptr)->password, "p");
    sut->refused({"u", "p"});
    EXPECT_EQ(sut->get(nullptr)->password, "q");
    EXPECT_EQ(sut->origin(), "secret loader");
}

TEST_F(RedshiftLogins, SayWhatIsWrongAndNothingOfTheSecret) {
    struct Case {
        HttpScript::Answer answer;
        const char* url;
        const char* words;
    };
    const char* secret = "redshift://h/dev?secret_arn=loader";
    const char* cluster = "redshift://h/dev?iam=true&cluster_identifier=c";
    const Case cases[] = {
        {{.body = secret_answer("hidden-text")}, secret, "holds no JSON object"},
        {{.body = secret_answer(R"({\"password\":\"hidden\"})")}, secret, "no username"},
        {{.body = "hidden"}, secret, "no JSON"},
        {{.status = 400, .body = R"({"__type":"ResourceNotFoundException"})"},
         secret,
         "secret loader: GetSecretValue"},
        {{.body = "<a>hidden</a>"}, cluster, "without user, password"},
        {{.status = 404,
          .body = "<ErrorResponse><Error><Code>ClusterNotFound</Code></Error></ErrorResponse>"},
         cluster,
         "ClusterNotFound"},
    };
    for (const Case& one : cases) {
        const HttpScript server{
            [&one](const std::string&, const std::string&) { return one.answer; }};
        const auto login = source(one.url, server)->get(nullptr);
        ASSERT_FALSE(login.ok()) << one.words;
        const Error& error = login.error();
        EXPECT_NE(error.message.find(one.words), std::string::npos) << error.message;
        EXPECT_FALSE(error.hint.empty()) << error.message;
        EXPECT_EQ((error.message + error.hint + error.detail).find("hidden"), std::string::npos);
    }
}

TEST(RedshiftLoginSource, IsNoneForAUrlWithItsOwn) {
    const SystemClock clock;
    EXPECT_EQ(make_login_source(*parse_address("redshift://u:p@h/d"), {}, clock), nullptr);
}

}  // namespace
}  // namespace muster::redshift
