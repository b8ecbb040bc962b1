// RFC 4648 with padding, back to bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::redshift {

// Nothing if it is no base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace muster::redshift
