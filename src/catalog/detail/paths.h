// Paths of the REST API that a catalog may claim. Pure functions.
#pragma once

#include <string_view>

namespace muster {

// Lower-case letters, digits, '_' and '-', at most 63.
bool valid_path_segment(std::string_view text);

// Whether the API itself has a path that starts so.
bool reserved_path_segment(std::string_view text);

}  // namespace muster
