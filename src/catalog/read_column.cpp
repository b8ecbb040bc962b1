#include "catalog/detail/readers.h"
#include "types/decode.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

// The last column of clean objects and of staging (architecture.md, data flow, step 3).
constexpr std::string_view kPositionColumn = "_position";

void refuse_keys(const Node& node,
                 std::initializer_list<std::string_view> keys,
                 std::string_view only_for,
                 Problems& problems) {
    for (const std::string_view key : keys) {
        if (node.find(key) != nullptr) {
            problems.add(place_of_key(node, key),
                         fmt::format("'{}' is for {} only; remove it", key, only_for));
        }
    }
}

void read_string_rules(const Node& node, Column& column, Problems& problems) {
    const auto length = [&](std::string_view key, std::optional<std::size_t>& out) {
        if (const Node* value = node.find(key)) {
            out = static_cast<std::size_t>(value->integer);
        }
    };
    length("min_length", column.min_length);
    length("max_length", column.max_length);
    if (column.min_length && column.max_length && *column.min_length > *column.max_length) {
        problems.add(
            place_of_key(node, "min_length"),
            fmt::format("'min_length' ({}) is above 'max_length' ({}): no value would pass",
                        *column.min_length,
                        *column.max_length));
    }
    column.keep_empty = bool_or(node, "keep_empty", false);
    column.pattern = text_or(node, "pattern", "");
    if (const std::string problem = pattern_problem(column.pattern); !problem.empty()) {
        problems.add(place_of_key(node, "pattern"),
                     fmt::format("'pattern' is no RE2 expression: {}", problem));
    }
}

void read_formats(const Node& node, Column& column, Problems& problems) {
    const Node* formats = node.find("formats");
    if (formats == nullptr) {
        return;
    }
    for (const Node& item : formats->items) {
        const std::string problem = timestamp_format_problem(item.text);
        if (problem.empty()) {
            column.formats.push_back(item.text);
        } else {
            problems.add(item.place, fmt::format("the format '{}': {}", item.text, problem));
        }
    }
}

void read_one_of(const Node& node, Column& column, Problems& problems) {
    const Node* values = node.find("one_of");
    if (values == nullptr) {
        return;
    }
    if (values->items.empty()) {
        problems.add(values->place, "'one_of' is empty: no value would pass; list the values");
    }
    for (const Node& item : values->items) {
        const auto value = read_value(item, "one_of", column.type, column.formats, problems);
        if (!value) {
            continue;
        }
        if (std::find(column.one_of.begin(), column.one_of.end(), *value) != column.one_of.end()) {
            problems.add(item.place, fmt::format("'one_of' lists {} twice; remove one", item.text));
        } else {
            column.one_of.push_back(*value);
        }
    }
}

}  // namespace

void read_column(const Node& node, Column& column, bool& typed, Problems& problems) {
    column.name = read_name(node, "column", problems);
    if (column.name == kPositionColumn) {
        problems.add(place_of_key(node, "name"),
                     fmt::format("the column name '{}' is reserved; rename it", column.name));
    }
    column.nullable = bool_or(node, "nullable", false);
    column.description = text_or(node, "description", "");
    const auto type = read_type(node, problems);
    typed = type.has_value();
    if (!type) {
        return;
    }
    column.type = *type;
    if (type->kind == TypeKind::kString) {
        read_string_rules(node, column, problems);
    } else {
        refuse_keys(
            node, {"min_length", "max_length", "pattern", "keep_empty"}, "strings", problems);
    }
    if (type->kind == TypeKind::kTimestamp) {
        read_formats(node, column, problems);
    } else {
        refuse_keys(node, {"formats"}, "timestamps", problems);
    }
    read_bounds(node, column.type, column.formats, column.min, column.max, problems);
    read_one_of(node, column, problems);
}

}  // namespace muster
