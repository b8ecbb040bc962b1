// The head of a response as it is sent (RFC 9112, 4). Pure functions.
#pragma once

#include "api/http/message.h"

#include <string>
#include <string_view>

namespace muster::http {

struct HeadFacts {
    std::string_view reason;      // the words behind the status
    std::string_view date;        // of now, RFC 9110
    std::string_view request_id;  // usable as it is
    bool chunked = false;         // the body comes in pieces; not in HTTP/1.0, where its end is the
                                  // connection's
    bool keep_alive = false;
    bool http_1_0 = false;
};

// Status line, fields and the empty line behind them. What would end a field is sent as a blank.
std::string response_head(const Response& response, const HeadFacts& facts);

// 204 and 304.
bool has_no_body(int status);

}  // namespace muster::http
