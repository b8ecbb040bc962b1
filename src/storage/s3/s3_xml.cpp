#include "storage/s3/detail/s3_xml.h"

#include "core/percent.h"

#include <fmt/core.h>

#include <charconv>
#include <pugixml.hpp>
#include <sstream>

namespace muster {
namespace {

constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

bool load(pugi::xml_document& document, std::string_view body) {
    return static_cast<bool>(document.load_buffer(
        body.data(), body.size(), pugi::parse_default | pugi::parse_ws_pcdata_single));
}

std::string without_quotes(std::string text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    return text;
}

Error no_answer(std::string_view what) {
    return {.code = ErrorCode::kVerification,
            .message = fmt::format("the answer is no {}", what),
            .hint = "check that [s3] endpoint is an S3 server"};
}

std::string printed(const pugi::xml_document& document) {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
    return out.str();
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
    parent.append_child(name).append_child(pugi::node_pcdata).set_value(text.c_str());
}

}  // namespace

S3ErrorText parse_s3_error(std::string_view body) {
    S3ErrorText error;
    pugi::xml_document document;
    if (!load(document, body)) {
        return error;
    }
    const pugi::xml_node node = document.child("Error");
    error.code = node.child_value("Code");
    error.message = node.child_value("Message");
    error.region = node.child_value("Region");
    error.endpoint = node.child_value("Endpoint");
    error.server_time = node.child_value("ServerTime");
    error.request_id = node.child_value("RequestId");
    return error;
}

Result<S3Page> parse_s3_page(std::string_view body) {
    pugi::xml_document document;
    const bool good = load(document, body);
    const pugi::xml_node root = document.child("ListBucketResult");
    if (!good || !root) {
        return no_answer("list of objects");
    }
    const bool encoded = std::string_view{root.child_value("EncodingType")} == "url";
    S3Page page;
    for (const pugi::xml_node node : root.children("Contents")) {
        S3Entry entry;
        // Keys come form-encoded: a blank may be "+".
        entry.key = encoded ? percent_decode_lenient(node.child_value("Key"), true)
                            : node.child_value("Key");
        entry.etag = without_quotes(node.child_value("ETag"));
        const std::string_view size = node.child_value("Size");
        const auto [end, status] =
            std::from_chars(size.data(), size.data() + size.size(), entry.bytes);
        if (status != std::errc{} || end != size.data() + size.size() || entry.key.empty()) {
            return no_answer("list of objects: an object has no key or size");
        }
        page.entries.push_back(std::move(entry));
    }
    if (std::string_view{root.child_value("IsTruncated")} == "true") {
        page.next_token = root.child_value("NextContinuationToken");
        if (page.next_token.empty()) {
            return no_answer("list of objects: it goes on without saying where");
        }
    }
    return page;
}

std::optional<std::string> xml_text(std::string_view body, const char* name) {
    pugi::xml_document document;
    if (!load(document, body)) {
        return std::nullopt;
    }
    const pugi::xml_node node = document.document_element().child(name);
    return node ? std::optional<std::string>{node.child_value()} : std::nullopt;
}

Result<std::optional<S3DeleteFault>> parse_s3_delete(std::string_view body) {
    pugi::xml_document document;
    const bool good = load(document, body);
    const pugi::xml_node root = document.child("DeleteResult");
    if (!good || !root) {
        return no_answer("report of removed objects");
    }
    const pugi::xml_node fault = root.child("Error");
    if (!fault) {
        return std::optional<S3DeleteFault>{};
    }
    return std::optional{S3DeleteFault{
        fault.child_value("Key"), fault.child_value("Code"), fault.child_value("Message")}};
}

std::string delete_body(const std::vector<std::string>& keys) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("Delete");
    root.append_attribute("xmlns") = kNamespace.data();
    add_text(root, "Quiet", "true");
    for (const std::string& key : keys) {
        add_text(root.append_child("Object"), "Key", key);
    }
    return printed(document);
}

std::string complete_body(const std::vector<std::string>& etags) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    root.append_attribute("xmlns") = kNamespace.data();
    for (std::size_t i = 0; i < etags.size(); ++i) {
        pugi::xml_node part = root.append_child("Part");
        add_text(part, "PartNumber", std::to_string(i + 1));
        add_text(part, "ETag", etags[i]);
    }
    return printed(document);
}

}  // namespace muster
