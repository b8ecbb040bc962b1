#include "api/http/message.h"

#include <gtest/gtest.h>

namespace muster::http {
namespace {

TEST(PercentDecode, Cases) {
    struct Case {
        std::string_view text;
        bool plus_is_space;
        std::optional<std::string> wanted;
    };
    const Case cases[] = {
        {"%", false, std::nullopt},
        {"%4", false, std::nullopt},
        {"a%4", false, std::nullopt},
        {"%4g", false, std::nullopt},
        {"%-1", false, std::nullopt},
        {"%00", false, std::nullopt},
        {std::string_view("a\0b", 3), false, std::nullopt},
        {"", false, ""},
        {"%41+b", true, "A b"},
        {"%41+b", false, "A+b"},
        {"%2B%2b", true, "++"},
        {"%c3%A9", false, "\xc3\xa9"},
        {"%252e", false, "%2e"},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(percent_decode(one.text, one.plus_is_space), one.wanted) << one.text;
    }
}

TEST(Request, FindsTheFirst) {
    Request request;
    request.headers = {{"accept", "a"}};
    request.query = {{"x", "1"}, {"x", "2"}};
    EXPECT_EQ(request.header("host"), nullptr);
    EXPECT_EQ(request.parameter("y"), nullptr);
    EXPECT_EQ(*request.header("accept"), "a");
    EXPECT_EQ(*request.parameter("x"), "1");
}

TEST(Response, SetReplacesInAnyCase) {
    Response response = text_response(404, "text/plain", "gone");
    EXPECT_EQ(response.header("x-none"), nullptr);
    response.set("content-TYPE", "text/csv");
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(*response.header("Content-Type"), "text/csv");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(*response.body, "gone");
}

}  // namespace
}  // namespace muster::http
