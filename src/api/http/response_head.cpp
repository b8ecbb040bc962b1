#include "api/http/detail/response_head.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace muster::http {
namespace {

// Nothing in a header field may end it.
void append_line(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    out += text;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin),
        out.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; },
        ' ');
}

}  // namespace

bool has_no_body(int status) { return status == 204 || status == 304; }

std::string response_head(const Response& response, const HeadFacts& facts) {
    std::string head;
    head.reserve(512);
    fmt::format_to(std::back_inserter(head),
                   "HTTP/1.1 {} {}\r\nDate: {}\r\nX-Request-Id: {}\r\n",
                   response.status,
                   facts.reason,
                   facts.date,
                   facts.request_id);
    for (const auto& [name, value] : response.headers) {
        append_line(head, name);
        head += ": ";
        append_line(head, value);
        head += "\r\n";
    }
    if (facts.chunked) {
        head += facts.http_1_0 ? "" : "Transfer-Encoding: chunked\r\n";
    } else if (!has_no_body(response.status)) {
        fmt::format_to(std::back_inserter(head),
                       "Content-Length: {}\r\n",
                       response.body ? response.body->size() : 0);
    }
    if (!facts.keep_alive) {
        head += "Connection: close\r\n";
    } else if (facts.http_1_0) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

}  // namespace muster::http
