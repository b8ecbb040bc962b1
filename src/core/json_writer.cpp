#include "core/json_writer.h"

#include "core/text.h"

#include <fmt/format.h>

#include <cmath>

namespace muster {

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
    text_ += text_.size() > 1 ? "," : "";
    text_ += json_quote(name);
    text_ += ':';
    text_ += json;
    return *this;
}

JsonObject& JsonObject::members(std::string_view object) {
    const std::string_view inside = object.substr(1, object.size() - 2);
    text_ += text_.size() > 1 && !inside.empty() ? "," : "";
    text_ += inside;
    return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    return raw(name, json_quote(value));
}

JsonObject& JsonObject::text_or_null(std::string_view name, std::string_view value) {
    return value.empty() ? raw(name, "null") : text(name, value);
}

JsonObject& JsonObject::number(std::string_view name, double value) {
    return raw(name, std::isfinite(value) ? fmt::format("{}", value) : "null");
}

JsonArray& JsonArray::raw(std::string_view json) {
    text_ += text_.size() > 1 ? "," : "";
    text_ += json;
    return *this;
}

std::string json_texts(std::span<const std::string> texts) {
    JsonArray array;
    for (const std::string& text : texts) {
        array.raw(json_quote(text));
    }
    return array.str();
}

}  // namespace muster
