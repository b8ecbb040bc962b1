// The XML that services of AWS answer with. Pure functions.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

// The text of the element at this path below the root; nothing if there is none or the body is no
// XML.
std::optional<std::string> xml_text_at(std::string_view body,
                                       std::initializer_list<const char*> path);

// An <ErrorResponse> with its <Error>, also inside <Errors>. Both are "" if the body is none.
struct AwsErrorText {
    std::string code;
    std::string message;
};
AwsErrorText parse_error_response(std::string_view body);

}  // namespace muster
