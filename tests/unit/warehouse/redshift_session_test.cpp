// Sessions of the Data API: what is left of one after a cancel, and what its errors say.
#include "support/http_script.h"
#include "support/manual_clock.h"
#include "warehouse/redshift/data_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace muster::redshift {
namespace {

HttpScript::Answer fault(const std::string& code) {
    return {.status = 400, .body = R"({"__type":")" + code + R"(","Message":""})"};
}

class RedshiftSession : public testing::Test {
  protected:
    using Answer = std::optional<HttpScript::Answer>;

    // Every statement has finished when it is asked for, unless `before` has another answer.
    HttpScript::Answer answer(const std::string& head, const std::string& body) {
        const auto is = [&](const char* operation) {
            return head.find(std::string("RedshiftData.") + operation + "\r\n") != head.npos;
        };
        const bool executes = is("ExecuteStatement") || is("BatchExecuteStatement");
        if (executes) {
            sent_.push_back(body);
        }
        if (before_) {
            if (Answer other = before_(is("DescribeStatement") ? "" : body)) {
                return *other;
            }
        }
        return {.body = executes ? R"({"Id":"s","SessionId":"one"})"
                                 : R"({"Status":"FINISHED","HasResultSet":false,"ResultRows":0})"};
    }

    Result<std::unique_ptr<PgRemote>> open(const std::map<std::string, std::string>& keys) {
        std::map<std::string, std::string> variables = keys;
        variables.emplace("AWS_ENDPOINT_URL", server_.url());
        variables.emplace("AWS_EC2_METADATA_DISABLED", "true");
        const auto address = parse_address("redshift-data://c/dev?region=eu-central-1");
        const AwsAccess access{[variables](const std::string& name) -> std::optional<std::string> {
                                   const auto found = variables.find(name);
                                   return found == variables.end() ? std::nullopt
                                                                   : std::optional{found->second};
                               },
                               "",
                               address->region};
        return open_data_session(
            std::make_shared<DataApi>(*address, access, clock_), clock_, nullptr);
    }
    std::unique_ptr<PgRemote> opened() {
        auto session = open({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key"}});
        EXPECT_TRUE(session.ok()) << session.error().message;
        return std::move(session).value();
    }
    std::ptrdiff_t sent(const std::string& sql) const {
        return std::count_if(sent_.begin(), sent_.end(), [&sql](const std::string& body) {
            return body.find("\"Sql\":\"" + sql + "\"") != body.npos;
        });
    }

    ManualClock clock_;
    CancelToken cancel_;
    // Gets the body of a request, "" of one that asks for a state.
    std::function<Answer(const std::string& body)> before_;
    std::vector<std::string> sent_;
    const HttpScript server_{
        [this](const std::string& head, const std::string& body) { return answer(head, body); }};
};

TEST_F(RedshiftSession, ABeginThatFinishedBeforeItWasStoppedIsRolledBack) {
    auto sut = opened();
    before_ = [this](const std::string& body) -> Answer {
        if (!body.empty() || cancel_.cancelled()) {
            return std::nullopt;
        }
        cancel_.cancel();
        return HttpScript::Answer{.body = R"({"Status":"STARTED"})"};
    };
    const auto begun = sut->run("BEGIN", {}, &cancel_);
    ASSERT_FALSE(begun.ok());
    EXPECT_EQ(begun.error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(sut->idle());
    sut.reset();
    EXPECT_EQ(sent("ROLLBACK"), 1);
}

TEST_F(RedshiftSession, ACancelBetweenTwoAttemptsLeavesNoTransaction) {
    auto sut = opened();
    ASSERT_TRUE(sut->run("BEGIN", {}, nullptr).ok());
    before_ = [this](const std::string& body) -> Answer {
        if (body.find("UPDATE") == body.npos) {
            return std::nullopt;
        }
        cancel_.cancel();
        return fault("ThrottlingException");
    };
    const auto updated = sut->run("UPDATE t SET a = 1", {}, &cancel_);
    ASSERT_FALSE(updated.ok());
    EXPECT_EQ(updated.error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(sut->usable());
    sut.reset();
    EXPECT_EQ(sent("ROLLBACK"), 1);
}

TEST_F(RedshiftSession, ARightThatLacksIsNamed) {
    auto sut = opened();
    before_ = [](const std::string& body) {
        return body.empty() ? Answer(fault("AccessDeniedException")) : std::nullopt;
    };
    const auto done = sut->run("SELECT 1", {}, nullptr);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(done.error().hint.find("redshift-data:DescribeStatement"), std::string::npos)
        << done.error().hint;
    EXPECT_FALSE(sut->usable());
}

TEST_F(RedshiftSession, WithoutCredentialsNoConnectionIsLost) {
    const auto session = open({});
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, ErrorCode::kUsage) << session.error().message;
    EXPECT_EQ(session.error().message.find("connection was lost"), std::string::npos);
    EXPECT_NE(session.error().hint.find("AWS_ACCESS_KEY_ID"), std::string::npos)
        << session.error().hint;
    EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace muster::redshift
