#include "api/json_body.h"

#include "core/text.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

namespace muster {
namespace {

using simdjson::dom::element;

constexpr std::string_view kind_text(BodyField::Kind kind) {
    switch (kind) {
        case BodyField::Kind::kText:
            return "a string";
        case BodyField::Kind::kFlag:
            return "true or false";
        case BodyField::Kind::kTexts:
            return "an array of strings";
    }
    return "";
}

bool take_texts(const element& value, std::vector<std::string>& out) {
    if (!value.is_array()) {
        return false;
    }
    for (const element item : value.get_array()) {
        if (!item.is_string()) {
            return false;
        }
        out.emplace_back(std::string_view{item});
    }
    return true;
}

bool take(const BodyField& field, const element& value, BodyValues& out) {
    switch (field.kind) {
        case BodyField::Kind::kText:
            if (value.is_string()) {
                out.values[field.name] = std::string{std::string_view{value}};
            }
            return value.is_string();
        case BodyField::Kind::kFlag:
            if (value.is_bool()) {
                out.values[field.name] = bool{value};
            }
            return value.is_bool();
        case BodyField::Kind::kTexts: {
            std::vector<std::string> texts;
            const bool fits = take_texts(value, texts);
            if (fits) {
                out.values[field.name] = std::move(texts);
            }
            return fits;
        }
    }
    return false;
}

std::optional<Problem> read_members(const simdjson::dom::object& object,
                                    const std::vector<BodyField>& fields,
                                    BodyValues& out) {
    Problem problem{422, "request.invalid", "the body has fields that do not fit", {}};
    std::vector<std::string> names;
    names.reserve(fields.size());
    for (const BodyField& field : fields) {
        names.push_back(field.name);
    }
    std::set<std::string> seen;
    for (const auto& [key, value] : object) {
        const std::string name{key};
        if (!seen.insert(name).second) {
            return Problem{400, "json.duplicate_key", fmt::format("'{}' stands twice", name), {}};
        }
        const auto field = std::find_if(fields.begin(),
                                        fields.end(),
                                        [&name](const BodyField& one) { return one.name == name; });
        if (field == fields.end()) {
            problem.errors.push_back(
                {"/" + name,
                 "value.unknown_field",
                 fmt::format("there is no field '{}'{}", name, did_you_mean(name, names))});
        } else if (!take(*field, value, out)) {
            problem.errors.push_back({"/" + name,
                                      "value.wrong_type",
                                      fmt::format("'{}' is {}", name, kind_text(field->kind))});
        }
    }
    for (const BodyField& field : fields) {
        if (field.required && !seen.contains(field.name)) {
            problem.errors.push_back(
                {"/" + field.name, "value.missing", fmt::format("'{}' is missing", field.name)});
        }
    }
    return problem.errors.empty() ? std::nullopt : std::optional{problem};
}

}  // namespace

const std::string& BodyValues::text(const std::string& name) const {
    static const std::string none;
    const auto found = values.find(name);
    return found == values.end() ? none : std::get<std::string>(found->second);
}

bool BodyValues::flag(const std::string& name) const {
    const auto found = values.find(name);
    return found != values.end() && std::get<bool>(found->second);
}

const std::vector<std::string>& BodyValues::texts(const std::string& name) const {
    static const std::vector<std::string> none;
    const auto found = values.find(name);
    return found == values.end() ? none : std::get<std::vector<std::string>>(found->second);
}

std::optional<Problem> read_body(std::string_view body,
                                 const std::vector<BodyField>& fields,
                                 BodyValues& out) {
    simdjson::dom::parser parser;
    element root;
    if (const auto failed = parser.parse(body.data(), body.size()).get(root);
        failed != simdjson::SUCCESS) {
        return Problem{400,
                       "json.malformed",
                       fmt::format("the body is no JSON: {}", simdjson::error_message(failed)),
                       {}};
    }
    if (!root.is_object()) {
        return Problem{422, "request.invalid", "the body must be one JSON object", {}};
    }
    return read_members(root.get_object().value_unsafe(), fields, out);
}

}  // namespace muster
