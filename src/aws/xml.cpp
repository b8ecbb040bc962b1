#include "aws/xml.h"

#include <pugixml.hpp>

namespace muster {

std::optional<std::string> xml_text_at(std::string_view body,
                                       std::initializer_list<const char*> path) {
    pugi::xml_document document;
    if (!document.load_buffer(
            body.data(), body.size(), pugi::parse_default | pugi::parse_ws_pcdata_single)) {
        return std::nullopt;
    }
    pugi::xml_node node = document.document_element();
    for (const char* name : path) {
        node = node.child(name);
    }
    return node ? std::optional<std::string>{node.child_value()} : std::nullopt;
}

AwsErrorText parse_error_response(std::string_view body) {
    AwsErrorText error{xml_text_at(body, {"Error", "Code"}).value_or(""),
                       xml_text_at(body, {"Error", "Message"}).value_or("")};
    if (error.code.empty()) {
        error.code = xml_text_at(body, {"Errors", "Error", "Code"}).value_or("");
        error.message = xml_text_at(body, {"Errors", "Error", "Message"}).value_or("");
    }
    return error;
}

}  // namespace muster
