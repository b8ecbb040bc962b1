#include "api/http/detail/target.h"

#include "core/text.h"

#include <algorithm>

namespace muster::http {
namespace {

constexpr std::size_t kRequestIdBytesMax = 128;

std::string read_path(Request& request, std::string_view path) {
    for (std::string_view rest = path; !rest.empty();) {
        rest.remove_prefix(1);  // the slash
        const std::string_view segment = rest.substr(0, rest.find('/'));
        const auto decoded = percent_decode(segment, false);
        if (!decoded || !valid_utf8(*decoded)) {
            return "the path holds a malformed escape or invalid UTF-8";
        }
        if (*decoded == "." || *decoded == "..") {
            return "the path holds dot segments";
        }
        rest.remove_prefix(segment.size());
    }
    request.path = percent_decode(path, false).value_or("");
    return "";
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
    if (target == "*") {
        request.path = "*";
        return request.method == "OPTIONS" ? "" : "the target '*' is for OPTIONS";
    }
    if (const std::size_t scheme = target.find("://");
        scheme != std::string_view::npos && !target.starts_with('/')) {
        target.remove_prefix(scheme + 3);
        const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
        if (target.substr(0, slash) != host) {
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

bool usable_request_id(std::string_view text) {
    return !text.empty() && text.size() <= kRequestIdBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

}  // namespace muster::http
