#include "catalog/detail/readers.h"
#include "core/limits.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {

std::string text_or(const Node& section, std::string_view key, std::string_view fallback) {
    const Node* node = section.find(key);
    return node != nullptr ? node->text : std::string{fallback};
}

bool bool_or(const Node& section, std::string_view key, bool fallback) {
    const Node* node = section.find(key);
    return node != nullptr ? node->boolean : fallback;
}

std::vector<std::string> texts_of(const Node& section, std::string_view key) {
    std::vector<std::string> texts;
    if (const Node* node = section.find(key)) {
        for (const Node& item : node->items) {
            texts.push_back(item.text);
        }
    }
    return texts;
}

Place place_of_key(const Node& section, std::string_view key) {
    const Node* node = section.find(key);
    return node != nullptr ? node->place : section.place;
}

bool valid_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= kNameBytesMax && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return letter(c) || (c >= '0' && c <= '9');
           });
}

std::string read_name(const Node& section, std::string_view what, Problems& problems) {
    const Node* node = section.find("name");
    if (node == nullptr) {
        return {};
    }
    if (!valid_name(node->text)) {
        problems.add(node->place,
                     fmt::format("'{}' cannot name a {}: use lower-case letters, digits and '_', "
                                 "at most {}, no digit first",
                                 node->text,
                                 what,
                                 kNameBytesMax));
    }
    return node->text;
}

void check_unique(std::vector<std::string>& taken,
                  const std::string& name,
                  std::string_view what,
                  Place place,
                  Problems& problems) {
    if (name.empty()) {
        return;
    }
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
        problems.add(place,
                     fmt::format("the {} '{}' is there twice; rename or remove one", what, name));
    } else {
        taken.push_back(name);
    }
}

}  // namespace muster
