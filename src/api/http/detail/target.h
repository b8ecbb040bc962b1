// The header of a request, checked, and its target, taken apart (RFC 9112, 3.2). Pure functions.
#pragma once

#include "api/http/message.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace muster::http {

// Sets path and query of the request from its target; the problem in words, or "" if it is fine.
// Absolute targets must name `host`. Dot segments, malformed escapes and invalid UTF-8 are refused.
std::string read_target(Request& request, std::string_view host);

struct HeaderProblem {
    int status;
    std::string detail;
};

// What is wrong with the lines of a header as far as they have come, the empty line at its end not
// among them: a bare LF, a folded field, too long a target or header.
std::optional<HeaderProblem> check_lines(std::string_view head,
                                         std::size_t target_bytes_max,
                                         std::size_t header_bytes_max);

// Names in lower case; the values of equal names are joined by a comma.
void add_field(Request& request, std::string_view name, std::string_view value);

// What is wrong with a header that the parser let pass; nothing if it is fine, and then path and
// query are set. Host, Content-Length, the codings and Expect must be there once or not at all.
std::optional<HeaderProblem> check_header(Request& request,
                                          bool http_1_0,
                                          std::size_t target_bytes_max);

// A client's request id is taken if it is 1 to 128 of letters, digits, '.', '_' and '-'.
bool usable_request_id(std::string_view text);

}  // namespace muster::http
