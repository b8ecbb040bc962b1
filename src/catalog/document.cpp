#include "catalog/detail/document.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace muster {
namespace {

// Deeper nesting than the catalog has; the parser itself stops at its own limit.
constexpr int kDepthMax = 16;

Place place_of(const toml::source_region& region) {
    return {std::max<std::size_t>(1, region.begin.line),
            std::max<std::size_t>(1, region.begin.column)};
}

std::string float_text(double value) {
    std::array<char, 400> buffer{};
    const auto result = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    return {buffer.data(), result.ptr};
}

template <typename T>
std::string streamed(const T& value) {
    std::ostringstream stream;
    stream << value;
    return stream.str();
}

class Converter {
  public:
    Converter(const EnvironmentLookup& environment, Problems& problems)
        : environment_(environment), problems_(problems) {}

    Node convert(const toml::node& source, int depth) {
        Node node;
        node.place = place_of(source.source());
        if (depth > kDepthMax) {
            problems_.add(node.place, "the nesting is too deep");
            node.usable = false;
        } else if (const toml::table* table = source.as_table()) {
            convert_table(*table, depth, node);
        } else if (const toml::array* array = source.as_array()) {
            node.kind = NodeKind::kArray;
            for (const toml::node& item : *array) {
                node.items.push_back(convert(item, depth + 1));
            }
        } else {
            convert_scalar(source, node);
        }
        return node;
    }

  private:
    void convert_table(const toml::table& table, int depth, Node& node) {
        node.kind = NodeKind::kTable;
        for (const auto& [key, value] : table) {
            node.members.push_back(
                {std::string{key.str()}, place_of(key.source()), convert(value, depth + 1)});
        }
        // The library sorts by name; errors and declarations read better in the file's order.
        std::stable_sort(
            node.members.begin(), node.members.end(), [](const auto& a, const auto& b) {
                return std::pair{a.place.line, a.place.column} <
                       std::pair{b.place.line, b.place.column};
            });
    }

    void convert_scalar(const toml::node& source, Node& node) {
        if (const auto* text = source.as_string()) {
            node.kind = NodeKind::kString;
            node.text = text->get();
            const ExpandStatus status =
                expand_environment(node.text, environment_, node.place, problems_);
            node.from_environment = status == ExpandStatus::kReplaced;
            node.usable = status != ExpandStatus::kFailed;
        } else if (const auto* integer = source.as_integer()) {
            node.kind = NodeKind::kInteger;
            node.integer = integer->get();
            node.number = static_cast<double>(node.integer);
            node.text = std::to_string(node.integer);
        } else if (const auto* number = source.as_floating_point()) {
            node.kind = NodeKind::kFloat;
            node.number = number->get();
            node.text = float_text(node.number);
        } else if (const auto* boolean = source.as_boolean()) {
            node.kind = NodeKind::kBool;
            node.boolean = boolean->get();
            node.text = node.boolean ? "true" : "false";
        } else if (const auto* date = source.as_date()) {
            node.kind = NodeKind::kDate;
            node.text = streamed(date->get());
        } else if (const auto* time = source.as_time()) {
            node.kind = NodeKind::kTime;
            node.text = streamed(time->get());
        } else if (const auto* date_time = source.as_date_time()) {
            const bool has_offset = date_time->get().offset.has_value();
            node.kind = has_offset ? NodeKind::kOffsetDateTime : NodeKind::kLocalDateTime;
            node.text = streamed(date_time->get());
        }
    }

    const EnvironmentLookup& environment_;
    Problems& problems_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Member& member : members) {
        if (member.key == key) {
            return member.value.usable ? &member.value : nullptr;
        }
    }
    return nullptr;
}

std::string_view node_kind_text(NodeKind kind) {
    switch (kind) {
        case NodeKind::kTable:
            return "a table";
        case NodeKind::kArray:
            return "an array";
        case NodeKind::kString:
            return "a string";
        case NodeKind::kInteger:
            return "an integer";
        case NodeKind::kFloat:
            return "a decimal number";
        case NodeKind::kBool:
            return "a boolean";
        case NodeKind::kDate:
            return "a date";
        case NodeKind::kTime:
            return "a time";
        case NodeKind::kLocalDateTime:
            return "a time without an offset";
        case NodeKind::kOffsetDateTime:
            return "a timestamp";
    }
    return {};
}

Node parse_document(std::string_view text,
                    const EnvironmentLookup& environment,
                    Problems& problems) {
    const toml::parse_result result = toml::parse(text);
    if (!result) {
        const toml::parse_error& error = result.error();
        problems.add(place_of(error.source()),
                     fmt::format("not valid TOML: {}", error.description()));
        return {};
    }
    return Converter{environment, problems}.convert(result.table(), 0);
}

}  // namespace muster
