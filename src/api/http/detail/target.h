// The target of a request, taken apart and checked (RFC 9112, 3.2). Pure functions.
#pragma once

#include "api/http/message.h"

#include <string>
#include <string_view>

namespace muster::http {

// Sets path and query of the request from its target; the problem in words, or "" if it is fine.
// Absolute targets must name `host`. Dot segments, malformed escapes and invalid UTF-8 are refused.
std::string read_target(Request& request, std::string_view host);

// A client's request id is taken if it is 1 to 128 of letters, digits, '.', '_' and '-'.
bool usable_request_id(std::string_view text);

}  // namespace muster::http
