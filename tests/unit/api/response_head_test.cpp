#include "api/http/detail/response_head.h"

#include <gtest/gtest.h>

namespace muster::http {
namespace {

std::string head_of(int status, HeadFacts facts, Headers headers = {}) {
    Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::make_shared<const std::string>("abc");
    facts.reason = "Words";
    facts.date = "D";
    facts.request_id = "id";
    return response_head(response, facts);
}

std::string start(const char* status) {
    return std::string("HTTP/1.1 ") + status + " Words\r\nDate: D\r\nX-Request-Id: id\r\n";
}

TEST(ResponseHead, SaysHowTheBodyEndsAndWhetherTheConnectionStays) {
    EXPECT_EQ(head_of(200, {.keep_alive = true}), start("200") + "Content-Length: 3\r\n\r\n");
    EXPECT_EQ(head_of(200, {}), start("200") + "Content-Length: 3\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(head_of(200, {.chunked = true, .keep_alive = true}),
              start("200") + "Transfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(head_of(200, {.chunked = true, .http_1_0 = true}),
              start("200") + "Connection: close\r\n\r\n");
    EXPECT_EQ(head_of(200, {.keep_alive = true, .http_1_0 = true}),
              start("200") + "Content-Length: 3\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ResponseHead, NoBodyHasNoLength) {
    for (const char* status : {"204", "304"}) {
        EXPECT_EQ(head_of(std::stoi(status), {.keep_alive = true}), start(status) + "\r\n");
    }
}

TEST(ResponseHead, FieldsCannotBeSplit) {
    const std::string nul("x\0y", 3);
    EXPECT_EQ(head_of(204, {.keep_alive = true}, {{"A\r\nB", "1\r\nC: 2"}, {"D", nul}}),
              start("204") + "A  B: 1  C: 2\r\nD: x y\r\n\r\n");
}

}  // namespace
}  // namespace muster::http
