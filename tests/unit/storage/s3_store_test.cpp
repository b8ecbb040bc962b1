// Requests and their failures against a scripted server: what is tried again, what is not, and
// what the person is told. Behaviour against a real server is in tests/e2e/test_s3*.py.
#include "core/cancel.h"
#include "storage/object_store.h"
#include "support/http_script.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <map>

namespace muster {
namespace {

using Answer = HttpScript::Answer;

Answer s3_error(int status, const std::string& code, const std::string& more = "") {
    return {.status = status, .body = "<Error><Code>" + code + "</Code>" + more + "</Error>"};
}

bool is(const std::string& head, const std::string& start) { return head.starts_with(start); }

class S3StoreTest : public testing::Test {
  protected:
    std::unique_ptr<ObjectStore> open(const HttpScript& server,
                                      const S3Options& more = {},
                                      const CancelToken* cancel = nullptr) {
        StoreOptions options;
        options.cancel = cancel;
        options.s3 = more;
        options.s3.endpoint = server.url();
        options.spool_dir = folder_.path() / "spool";
        options.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional{found->second};
        };
        return std::move(open_store("s3://lake/in", options)).value();
    }

    TempFolder folder_;
    std::map<std::string, std::string> variables_ = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                                     {"AWS_SECRET_ACCESS_KEY", "hidden-secret"},
                                                     {"AWS_MAX_ATTEMPTS", "3"}};
};

TEST_F(S3StoreTest, PassingFailuresAreTriedAgainAndThenNamed) {
    int calls = 0;
    HttpScript server{[&calls](const std::string&, const std::string&) {
        return ++calls < 3 ? s3_error(503, "SlowDown")
                           : Answer{.body = "<ListBucketResult></ListBucketResult>"};
    }};
    EXPECT_TRUE(open(server)->list("*.csv").ok());
    EXPECT_EQ(calls, 3);
    calls = -100;
    const auto failed = open(server)->list("*.csv");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(calls, -97);
    EXPECT_NE(failed.error().message.find("s3://lake/in/ (ListObjectsV2): SlowDown, 3 times"),
              std::string::npos)
        << failed.error().message;
}

TEST_F(S3StoreTest, WhatDoesNotPassIsAskedOnce) {
    struct Case {
        Answer answer;
        ErrorCode code;
        const char* part;
    };
    const std::vector<Case> cases = {
        {s3_error(403, "InvalidAccessKeyId"), ErrorCode::kIo, "the environment"},
        {s3_error(403, "SignatureDoesNotMatch"), ErrorCode::kIo, "secret access key"},
        {s3_error(403, "AccessDenied"), ErrorCode::kIo, "s3:ListBucket"},
        {s3_error(400, "ExpiredToken"), ErrorCode::kIo, "has expired"},
        {s3_error(400, "ExpiredTokenException"), ErrorCode::kIo, "has expired"},
        {s3_error(404, "NoSuchBucket"), ErrorCode::kNotFound, "no bucket 'lake'"},
        {s3_error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
         ErrorCode::kUsage,
         "in region eu-west-3, not us-east-1"},
        {{.status = 301, .body = "", .headers = "x-amz-bucket-region: sa-east-1\r\n"},
         ErrorCode::kUsage,
         "AWS_REGION to sa-east-1"},
        {{.status = 403,
          .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>",
          .headers = "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"},
         ErrorCode::kIo,
         "ahead of that of the server"},
    };
    for (const Case& one : cases) {
        HttpScript server{[&one](const std::string&, const std::string&) { return one.answer; }};
        const auto failed = open(server)->list("*");
        ASSERT_FALSE(failed.ok()) << one.part;
        const std::string text = failed.error().message + " -> " + failed.error().hint;
        EXPECT_EQ(failed.error().code, one.code) << text;
        EXPECT_NE(text.find(one.part), std::string::npos) << text;
        EXPECT_NE(text.find("s3://lake/in/ (ListObjectsV2)"), std::string::npos) << text;
        EXPECT_EQ(text.find("hidden-secret"), std::string::npos);
        EXPECT_EQ(server.heads().size(), 1U) << text;
    }
}

TEST_F(S3StoreTest, AListThatIsNoneIsAskedForAgain) {
    HttpScript server{[](const std::string&, const std::string&) {
        return Answer{.status = 200, .body = "<html>hello</html>"};
    }};
    const auto failed = open(server)->list("*");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(failed.error().hint.find(server.url()), std::string::npos);
    EXPECT_EQ(server.heads().size(), 3U);
}

TEST_F(S3StoreTest, AReadThatIsCutGoesOnWhereItWas) {
    std::string content(1U << 20, 'x');
    for (std::size_t i = 0; i < content.size(); ++i) {
        content[i] = static_cast<char>('a' + i % 23);
    }
    HttpScript server{[&content](const std::string& head, const std::string&) -> Answer {
        if (is(head, "HEAD ")) {
            return {.body = content, .headers = "ETag: \"e\"\r\n"};
        }
        const std::string range = head.substr(head.find("range: bytes=") + 13);
        const std::size_t begin = std::stoul(range);
        const std::size_t end = std::stoul(range.substr(range.find('-') + 1));
        const std::string part = content.substr(begin, end + 1 - begin);
        return {.status = 206,
                .body = part,
                .headers = "Content-Range: bytes " + std::to_string(begin) + "-" +
                           std::to_string(end) + "/" + std::to_string(content.size()) + "\r\n",
                .bytes_missing = part.size() > 200'000 ? part.size() - 100'000 : 0};
    }};
    const auto store = open(server);
    const auto reader = std::move(store->open(ObjectKey{"big"})).value();
    std::string got(content.size(), '\0');
    ASSERT_TRUE(reader->read_at(0, got).ok());
    EXPECT_EQ(got, content);
    EXPECT_NE(server.heads()[1].find("if-match: \"e\"\r\n"), std::string::npos);
    EXPECT_GT(server.heads().size(), 8U);
}

TEST_F(S3StoreTest, AnAnswerForOtherBytesIsNotTaken) {
    HttpScript server{[](const std::string& head, const std::string&) -> Answer {
        return is(head, "HEAD ") ? Answer{.body = "0123456789"}
                                 : Answer{.status = 206,
                                          .body = "0123456789",
                                          .headers = "Content-Range: bytes 1-10/11\r\n"};
    }};
    const auto store = open(server);
    const auto reader = std::move(store->open(ObjectKey{"x"})).value();
    std::string got(10, '\0');
    const auto failed = reader->read_at(0, got);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
}

TEST_F(S3StoreTest, AChangedObjectIsAConflict) {
    HttpScript server{[](const std::string& head, const std::string&) {
        return is(head, "HEAD ") ? Answer{.body = "0123456789", .headers = "ETag: \"e\"\r\n"}
                                 : s3_error(412, "PreconditionFailed");
    }};
    const auto store = open(server);
    const auto reader = std::move(store->open(ObjectKey{"x"})).value();
    std::string got(10, '\0');
    EXPECT_EQ(reader->read_at(0, got).error().code, ErrorCode::kConflict);
}

TEST_F(S3StoreTest, AHeadThatIsRefusedIsExplainedByAGet) {
    HttpScript server{[](const std::string& head, const std::string&) {
        return is(head, "HEAD ") ? Answer{.status = 403, .body = ""}
                                 : s3_error(403, "InvalidAccessKeyId");
    }};
    const auto failed = open(server)->open(ObjectKey{"x"});
    ASSERT_FALSE(failed.ok());
    EXPECT_NE(failed.error().message.find("InvalidAccessKeyId"), std::string::npos);
}

// The first attempt was carried out although its answer was lost: the second one is told that there
// is such an object, which is ours.
TEST_F(S3StoreTest, AConditionalWriteKnowsItsOwnObject) {
    std::string mark;
    int puts = 0;
    bool foreign = false;
    HttpScript server{[&](const std::string& head, const std::string&) -> Answer {
        static const std::string name = "x-amz-meta-muster-write: ";
        if (is(head, "PUT ")) {
            EXPECT_NE(head.find("if-none-match: *\r\n"), std::string::npos);
            mark = head.substr(head.find(name) + name.size());
            mark.resize(mark.find('\r'));
            return ++puts == 1 ? Answer{.body = "", .cut = true}
                               : s3_error(412, "PreconditionFailed");
        }
        return {.body = "",
                .headers = "ETag: \"e\"\r\n" + name + (foreign ? "other" : mark) + "\r\n"};
    }};
    EXPECT_TRUE(write_new_object(*open(server), ObjectKey{"lock"}, "a").ok());
    EXPECT_EQ(puts, 2);
    puts = 0;
    foreign = true;
    const auto lost = write_new_object(*open(server), ObjectKey{"lock"}, "a");
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code, ErrorCode::kConflict);
}

TEST_F(S3StoreTest, ACompletedUploadWithAnErrorInsideHasFailed) {
    int completed = 0;
    std::vector<std::string> seen;
    HttpScript server{[&](const std::string& head, const std::string&) -> Answer {
        seen.push_back(head.substr(0, head.find(' ')));
        if (head.find("?uploads=") != head.npos) {
            return {.body = "<R><UploadId>u</UploadId></R>"};
        }
        if (is(head, "POST ")) {
            return ++completed == 1 ? s3_error(200, "InternalError") : s3_error(200, "InvalidPart");
        }
        return {.body = "", .headers = "ETag: \"p\"\r\n"};
    }};
    const std::string content((8U << 20) + 1, 'x');
    const auto failed = write_object(*open(server), ObjectKey{"x"}, content);
    ASSERT_FALSE(failed.ok());
    EXPECT_NE(failed.error().message.find("InvalidPart"), std::string::npos);
    EXPECT_EQ(completed, 2);
    EXPECT_EQ(seen.back(), "DELETE");  // the upload was given up
}

TEST_F(S3StoreTest, EncryptionIsAskedFor) {
    HttpScript server{[](const std::string&, const std::string&) {
        return Answer{.body = "", .headers = "ETag: \"e\"\r\n"};
    }};
    ASSERT_TRUE(
        write_object(*open(server, {.sse = "aws:kms", .kms_key = "alias/k"}), ObjectKey{"x"}, "a")
            .ok());
    const std::string head = server.heads().at(0);
    EXPECT_NE(head.find("x-amz-server-side-encryption: aws:kms\r\n"), std::string::npos);
    EXPECT_NE(head.find("x-amz-server-side-encryption-aws-kms-key-id: alias/k\r\n"),
              std::string::npos);
    EXPECT_NE(head.find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                        "x-amz-meta-muster-write;x-amz-server-side-encryption;"),
              std::string::npos);
}

TEST_F(S3StoreTest, ACancelledStoreStopsAtOnce) {
    CancelToken cancel;
    HttpScript server{[&cancel](const std::string&, const std::string&) {
        cancel.cancel();
        return s3_error(503, "SlowDown");
    }};
    const auto store = open(server, {}, &cancel);
    EXPECT_EQ(store->list("*").error().code, ErrorCode::kCancelled);
    EXPECT_EQ(server.heads().size(), 1U);
}

TEST_F(S3StoreTest, AnUnreachableServerIsNamed) {
    std::string url;
    {
        const HttpScript gone{[](const std::string&, const std::string&) { return Answer{}; }};
        url = gone.url();
    }
    StoreOptions options;
    options.s3.endpoint = url;
    options.environment = [](const std::string& name) -> std::optional<std::string> {
        return name == "AWS_MAX_ATTEMPTS" ? std::optional<std::string>{"2"}
               : name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY"
                   ? std::optional<std::string>{"x"}
                   : std::nullopt;
    };
    const auto failed = std::move(open_store("s3://lake/in", options)).value()->list("*");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(failed.error().hint.find(url), std::string::npos);
}

}  // namespace
}  // namespace muster
