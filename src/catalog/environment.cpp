#include "catalog/detail/document.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

bool valid_variable_name(std::string_view name) {
    const auto letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return letter(c) || (c >= '0' && c <= '9');
           });
}

}  // namespace

ExpandStatus expand_environment(std::string& text,
                                const EnvironmentLookup& environment,
                                Place place,
                                Problems& problems) {
    std::string out;
    bool replaced = false;
    std::string_view rest = text;
    while (!rest.empty()) {
        if (rest.starts_with("$${")) {
            out += "${";
            rest.remove_prefix(3);
            continue;
        }
        if (!rest.starts_with("${")) {
            out += rest.front();
            rest.remove_prefix(1);
            continue;
        }
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
            problems.add(place, "'${' has no '}'; write '$${' for the two characters themselves");
            return ExpandStatus::kFailed;
        }
        const std::string_view inside = rest.substr(2, end - 2);
        rest.remove_prefix(end + 1);
        const std::size_t colon = inside.find(':');
        const std::string name{inside.substr(0, colon)};
        if (!valid_variable_name(name)) {
            problems.add(place,
                         fmt::format("'{}' is no name of an environment variable; write "
                                     "'$${{' for the two characters '${{' themselves",
                                     name));
            return ExpandStatus::kFailed;
        }
        if (const auto value = environment(name)) {
            out += *value;
        } else if (colon != std::string_view::npos) {
            out += inside.substr(colon + 1);
        } else {
            problems.add(place,
                         fmt::format("the environment variable '{0}' is not set; set it, or give a "
                                     "default: ${{{0}:default}}",
                                     name));
            return ExpandStatus::kFailed;
        }
        replaced = true;
    }
    text = std::move(out);
    return replaced ? ExpandStatus::kReplaced : ExpandStatus::kPlain;
}

}  // namespace muster
