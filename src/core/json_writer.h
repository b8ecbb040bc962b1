// JSON text, member by member.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>

namespace muster {

// Collects the members of one object in order.
class JsonObject {
  public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& text_or_null(std::string_view name, std::string_view value);  // "" is null
    JsonObject& number(std::string_view name, double value);
    JsonObject& flag(std::string_view name, bool value) {
        return raw(name, value ? "true" : "false");
    }
    JsonObject& raw(std::string_view name, std::string_view json);
    // The members of another object, given as text without spaces around it.
    JsonObject& members(std::string_view object);
    template <std::integral T>
    JsonObject& number(std::string_view name, T value) {
        return raw(name, std::to_string(value));
    }
    std::string str() const { return text_ + "}"; }

  private:
    std::string text_ = "{";
};

// Joins JSON texts to an array on one line.
class JsonArray {
  public:
    JsonArray& raw(std::string_view json);
    std::string str() const { return text_ + "]"; }

  private:
    std::string text_ = "[";
};

// The texts as an array of strings.
std::string json_texts(std::span<const std::string> texts);

}  // namespace muster
