#include "api/http/detail/target.h"

#include <gtest/gtest.h>

namespace muster::http {
namespace {

Request request_for(std::string method, std::string target, Headers headers = {}) {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    return request;
}

TEST(HeaderLines, AreCheckedAsFarAsTheyHaveCome) {
    struct Case {
        std::string head;
        int status;  // 0 = fine
    };
    const std::string line = "GET /x HTTP/1.1";
    const Case cases[] = {
        {"", 0},
        {"GET /", 0},
        {line + "\r\nHost: h", 0},
        {line + "\n", 400},
        {"\n", 400},
        {line + "\r\nA: b\r\n c", 400},
        {line + "\r\nA: b\r\n\tc", 400},
        {"GET /" + std::string(200, 'x'), 414},
        {"GET /" + std::string(200, 'x') + " HTTP/1.1\r\nA: b", 414},
        {line + "\r\nA: " + std::string(300, 'x'), 431},
    };
    for (const Case& one : cases) {
        const auto problem = check_lines(one.head, 100, 300);
        EXPECT_EQ(problem ? problem->status : 0, one.status) << one.head;
    }
}

TEST(HeaderFields, OfOneNameAreJoined) {
    Request request;
    add_field(request, "Host", "h");
    add_field(request, "X-A", "1");
    add_field(request, "x-a", "2");
    EXPECT_EQ(request.headers, (Headers{{"host", "h"}, {"x-a", "1, 2"}}));
}

TEST(Target, Refused) {
    const char* const targets[] = {
        "",          "x",      "*",       "/%",       "/%zz",          "/%00",        "/%ff",
        "/a?x=%00",  "/a?x=%", "/.",      "/..",      "/a/../b",       "/a/%2e%2E",   "/a/./b",
        "/..%2fetc", "/a#b",   "http://", "http://g", "http://h.evil", "http://h@g/", "g:80",
    };
    for (const char* target : targets) {
        Request request = request_for("GET", target);
        EXPECT_NE(read_target(request, "h"), "") << target;
    }
}

TEST(Target, Taken) {
    struct Case {
        std::string method, target, path, query;
    };
    const Case cases[] = {
        {"GET", "/", "/", ""},
        {"GET", "/a//b", "/a//b", ""},
        {"GET", "/a%20b+c", "/a b+c", ""},
        {"GET", "/a?", "/a", ""},
        {"GET", "/a?x=1&y&&x=a+b%3d", "/a", "x=1;y=;x=a b=;"},
        {"GET", "/a?=1", "/a", "=1;"},
        {"GET", "/...", "/...", ""},
        {"GET", "http://H:8/a?b=c", "/a", "b=c;"},
        {"GET", "http://h:8?b=c", "/", "b=c;"},
        {"OPTIONS", "*", "*", ""},
        {"CONNECT", "g:443", "g:443", ""},
    };
    for (const Case& one : cases) {
        Request request = request_for(one.method, one.target);
        EXPECT_EQ(read_target(request, "h:8"), "") << one.target;
        EXPECT_EQ(request.path, one.path) << one.target;
        std::string query;
        for (const auto& [name, value] : request.query) {
            query.append(name).append("=").append(value).append(";");
        }
        EXPECT_EQ(query, one.query) << one.target;
    }
}

TEST(Header, Statuses) {
    struct Case {
        Headers headers;
        bool http_1_0;
        int status;  // 0 = fine
    };
    const Case cases[] = {
        {{}, false, 400},
        {{}, true, 0},
        {{{"host", "h"}}, false, 0},
        {{{"host", "h, h"}}, false, 400},
        {{{"host", "h"}, {"content-length", "1, 1"}}, false, 400},
        {{{"host", "h"}, {"content-length", "+1"}}, false, 400},
        {{{"host", "h"}, {"content-length", "1"}, {"transfer-encoding", "chunked"}}, false, 400},
        {{{"host", "h"}, {"transfer-encoding", "chunked"}}, true, 400},
        {{{"host", "h"}, {"transfer-encoding", "gzip, chunked"}}, false, 501},
        {{{"host", "h"}, {"transfer-encoding", "Chunked"}}, false, 0},
        {{{"host", "h"}, {"content-encoding", "gzip"}}, false, 415},
        {{{"host", "h"}, {"content-encoding", "identity"}}, false, 0},
        {{{"host", "h"}, {"expect", "200-ok"}}, false, 417},
        {{{"host", "h"}, {"expect", "100-Continue"}}, false, 0},
    };
    for (const Case& one : cases) {
        Request request = request_for("GET", "/", one.headers);
        const auto problem = check_header(request, one.http_1_0, 10);
        EXPECT_EQ(problem ? problem->status : 0, one.status)
            << (one.headers.empty() ? "" : one.headers.back().second);
    }
    for (const std::size_t size : {10U, 11U}) {
        Request request = request_for("GET", "/" + std::string(size - 1, 'a'), {{"host", "h"}});
        EXPECT_EQ(check_header(request, false, 10).has_value(), size > 10);
    }
}

TEST(RequestId, OnlyHarmlessOnesAreTaken) {
    EXPECT_FALSE(usable_request_id(""));
    EXPECT_FALSE(usable_request_id(std::string(129, 'a')));
    EXPECT_FALSE(usable_request_id("a b"));
    EXPECT_FALSE(usable_request_id("a\r\nb"));
    EXPECT_TRUE(usable_request_id(std::string(128, 'a')));
    EXPECT_TRUE(usable_request_id("A-z_0.9"));
}

}  // namespace
}  // namespace muster::http
