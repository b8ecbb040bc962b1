// What is looked at before a handler runs. Pure functions.
#pragma once

#include "api/problem.h"
#include "api/routes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

bool may(Role role, Access access);
// The token of the request; nothing without one.
std::optional<std::string_view> bearer_token(const http::Request& request);
// The media types that a route's answers may have if all goes well.
std::vector<std::string> success_types(const Route& route);
// Parameters that the route does not know, or that stand twice.
std::optional<Problem> check_query(const Call& call);
// A body of another media type than the route takes.
std::optional<Problem> check_content_type(const Call& call);
bool valid_idempotency_key(const std::string& key);

}  // namespace muster
