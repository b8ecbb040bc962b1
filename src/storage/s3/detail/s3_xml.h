// The XML that S3 answers with, and what is sent to it. Pure functions.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct S3ErrorText {
    std::string code;  // "" if the body is no error
    std::string message;
    std::string region;  // of AuthorizationHeaderMalformed and redirects
    std::string endpoint;
    std::string server_time;  // of RequestTimeTooSkewed
    std::string request_id;
};
S3ErrorText parse_s3_error(std::string_view body);

struct S3Entry {
    std::string key;
    std::uint64_t bytes = 0;
    std::string etag;  // without quotes
};
struct S3Page {
    std::vector<S3Entry> entries;
    std::string next_token;  // "" on the last page
};
// A ListObjectsV2 answer with encoding-type=url. kVerification if it is none, or cut.
Result<S3Page> parse_s3_page(std::string_view body);

// The text of the first element of this name below the root; nothing if there is none or the body
// is no XML.
std::optional<std::string> xml_text(std::string_view body, const char* name);

// The first key that DeleteObjects could not remove, with why.
struct S3DeleteFault {
    std::string key;
    std::string code;
    std::string message;
};
Result<std::optional<S3DeleteFault>> parse_s3_delete(std::string_view body);

std::string delete_body(const std::vector<std::string>& keys);
std::string complete_body(const std::vector<std::string>& etags);  // of the parts 1, 2, ...

}  // namespace muster
