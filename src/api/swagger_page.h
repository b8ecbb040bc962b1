// The page of swagger-ui, embedded in the program; works without a network.
#pragma once

#include "api/http/message.h"

#include <optional>
#include <string_view>

namespace muster {

// Nothing if there is no such file.
std::optional<http::Response> swagger_asset(std::string_view file, const http::Request& request);

}  // namespace muster
