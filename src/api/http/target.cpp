#include "api/http/detail/target.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster::http {
namespace {

constexpr std::size_t kRequestIdBytesMax = 128;
// Method and version take little; the rest of the first line is the target.
constexpr std::size_t kLineOverhead = 32;

HeaderProblem too_long_a_target(std::size_t bytes_max) {
    return {414, fmt::format("the target is longer than {} bytes", bytes_max)};
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment == "." || segment == "..") {
            return true;
        }
        path.remove_prefix(std::min(segment.size() + 1, path.size()));
    }
    return false;
}

bool is_decimal(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string read_path(Request& request, std::string_view path) {
    for (std::string_view rest = path; !rest.empty();) {
        rest.remove_prefix(1);  // the slash
        const std::string_view segment = rest.substr(0, rest.find('/'));
        const auto decoded = percent_decode(segment, false);
        if (!decoded || !valid_utf8(*decoded)) {
            return "the path holds a malformed escape or invalid UTF-8";
        }
        rest.remove_prefix(segment.size());
    }
    request.path = percent_decode(path, false).value_or("");
    // An escaped slash separates too: what is behind it may be a name of a file one day.
    return has_dot_segment(request.path) ? "the path holds dot segments" : "";
}

std::string read_query(Request& request, std::string_view query) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(
            equals < pair.size() ? pair.substr(equals + 1) : std::string_view{}, true);
        if (!name || !value || !valid_utf8(*name) || !valid_utf8(*value)) {
            return "the query holds a malformed escape or invalid UTF-8";
        }
        request.query.emplace_back(std::move(*name), std::move(*value));
    }
    return "";
}

}  // namespace

std::string read_target(Request& request, std::string_view host) {
    std::string_view target = request.target;
    if (request.method == "CONNECT") {
        request.path = target;  // an authority; no route takes it
        return "";
    }
    if (target == "*") {
        request.path = "*";
        return request.method == "OPTIONS" ? "" : "the target '*' is for OPTIONS";
    }
    if (const std::size_t scheme = target.find("://");
        scheme != std::string_view::npos && !target.starts_with('/')) {
        target.remove_prefix(scheme + 3);
        const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
        if (ascii_lower(target.substr(0, slash)) != ascii_lower(host)) {
            return "the target names another host than the Host header";
        }
        request.target = slash == target.size() || target[slash] == '?'
                             ? "/" + std::string{target.substr(slash)}
                             : std::string{target.substr(slash)};
        target = request.target;
    }
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) {
        return "the target is no path";
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    std::string problem = read_path(request, target.substr(0, question));
    if (problem.empty() && question < target.size()) {
        problem = read_query(request, target.substr(question + 1));
    }
    return problem;
}

std::optional<HeaderProblem> check_lines(std::string_view head,
                                         std::size_t target_bytes_max,
                                         std::size_t header_bytes_max) {
    for (std::size_t at = head.find('\n'); at != head.npos; at = head.find('\n', at + 1)) {
        if (at == 0 || head[at - 1] != '\r') {
            return HeaderProblem{400, "a line of the header ends without CR"};
        }
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) {
            return HeaderProblem{400, "a header is folded over lines"};
        }
    }
    if (std::min(head.find("\r\n"), head.size()) > target_bytes_max + kLineOverhead) {
        return too_long_a_target(target_bytes_max);
    }
    if (head.size() > header_bytes_max) {
        return HeaderProblem{431,
                             fmt::format("the header is larger than {} bytes", header_bytes_max)};
    }
    return std::nullopt;
}

void add_field(Request& request, std::string_view name, std::string_view value) {
    std::string lower = ascii_lower(name);
    const auto known = std::find_if(request.headers.begin(),
                                    request.headers.end(),
                                    [&lower](const auto& one) { return one.first == lower; });
    if (known != request.headers.end()) {
        known->second += ", " + std::string(value);
    } else {
        request.headers.emplace_back(std::move(lower), value);
    }
}

std::optional<HeaderProblem> check_header(Request& request,
                                          bool http_1_0,
                                          std::size_t target_bytes_max) {
    // Equal names were joined by a comma.
    const std::string* host = request.header("host");
    if (host == nullptr ? !http_1_0 : host->find(',') != std::string::npos) {
        return HeaderProblem{400, "there must be one Host header"};
    }
    const std::string* length = request.header("content-length");
    if (length != nullptr && !is_decimal(*length)) {
        return HeaderProblem{400, "there must be one Content-Length, a number"};
    }
    const std::string* coding = request.header("transfer-encoding");
    if (coding != nullptr && (length != nullptr || http_1_0)) {
        return HeaderProblem{
            400, "Transfer-Encoding excludes Content-Length, and is unknown in HTTP/1.0"};
    }
    if (coding != nullptr && ascii_lower(*coding) != "chunked") {
        return HeaderProblem{501, "the only known transfer coding is chunked"};
    }
    const std::string* encoding = request.header("content-encoding");
    if (encoding != nullptr && ascii_lower(*encoding) != "identity") {
        return HeaderProblem{415, "send the body without Content-Encoding"};
    }
    const std::string* expect = request.header("expect");
    if (expect != nullptr && ascii_lower(*expect) != "100-continue") {
        return HeaderProblem{417, "the only known expectation is 100-continue"};
    }
    if (request.target.size() > target_bytes_max) {
        return too_long_a_target(target_bytes_max);
    }
    std::string problem = read_target(request, host != nullptr ? *host : "");
    if (!problem.empty()) {
        return HeaderProblem{400, std::move(problem)};
    }
    return std::nullopt;
}

bool usable_request_id(std::string_view text) {
    return !text.empty() && text.size() <= kRequestIdBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

}  // namespace muster::http
