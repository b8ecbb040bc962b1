// Finds the route of a request. Immutable, thread-safe.
#pragma once

#include "api/routes.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct RouteMatch {
    const Route* route = nullptr;      // null: no such path, or not with this method
    std::vector<std::string> allowed;  // methods of the path; empty: no such path
    std::map<std::string, std::string> path_values;
};

class Router {
  public:
    explicit Router(const std::vector<Route>& routes);
    // `path` as it was sent: it is cut into segments first and each of them decoded then, so that a
    // value may hold an encoded slash. `method` HEAD finds the GET route.
    RouteMatch find(std::string_view method, std::string_view path) const;

  private:
    struct Entry {
        std::vector<std::string> segments;  // "{id}" matches one segment
        std::vector<const Route*> routes;
    };
    std::vector<Entry> entries_;  // those with fewer variables first
};

}  // namespace muster
