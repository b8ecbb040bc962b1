// The rules of user names and passwords. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster {

// The name as it is stored: in lower case.
std::string normal_name(std::string_view name);

// What is wrong with it, for the person who chose it; nothing if it is good.
std::optional<std::string> name_fault(std::string_view name);
std::optional<std::string> password_fault(std::string_view password, std::string_view name);

// Whether it is too long to be anybody's, and so not worth a hash.
bool password_oversized(std::string_view password);

}  // namespace muster
