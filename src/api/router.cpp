#include "api/router.h"

#include "api/http/message.h"

#include <algorithm>

namespace muster {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    std::size_t begin = 1;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        segments.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return segments;
}

bool is_variable(const std::string& segment) { return segment.starts_with('{'); }

}  // namespace

Router::Router(const std::vector<Route>& routes) {
    for (const Route& route : routes) {
        const auto segments = segments_of(route.pattern);
        const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
            return entry.segments == segments;
        });
        if (at != entries_.end()) {
            at->routes.push_back(&route);
        } else {
            entries_.push_back({segments, {&route}});
        }
    }
    const auto variables = [](const Entry& entry) {
        return std::count_if(entry.segments.begin(), entry.segments.end(), is_variable);
    };
    std::stable_sort(
        entries_.begin(), entries_.end(), [&variables](const Entry& left, const Entry& right) {
            return variables(left) < variables(right);
        });
}

RouteMatch Router::find(std::string_view method, std::string_view path) const {
    RouteMatch match;
    auto segments = segments_of(path);
    for (std::string& segment : segments) {
        auto decoded = http::percent_decode(segment, false);
        if (!decoded) {
            return match;
        }
        segment = std::move(*decoded);
    }
    const auto fits = [&segments](const Entry& entry) {
        return entry.segments.size() == segments.size() &&
               std::equal(segments.begin(),
                          segments.end(),
                          entry.segments.begin(),
                          [](const std::string& given, const std::string& wanted) {
                              return is_variable(wanted) ? !given.empty() : given == wanted;
                          });
    };
    const auto entry = std::find_if(entries_.begin(), entries_.end(), fits);
    if (entry == entries_.end()) {
        return match;
    }
    for (const Route* route : entry->routes) {
        match.allowed.push_back(route->method);
        const bool head = route->method == "GET" && !route->changes;
        if (head) {
            match.allowed.emplace_back("HEAD");
        }
        if (route->method == method || (head && method == "HEAD")) {
            match.route = route;
        }
    }
    match.allowed.emplace_back("OPTIONS");
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (is_variable(entry->segments[i])) {
            const std::string& name = entry->segments[i];
            match.path_values[name.substr(1, name.size() - 2)] = segments[i];
        }
    }
    return match;
}

}  // namespace muster
