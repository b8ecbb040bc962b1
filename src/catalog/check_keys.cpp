#include "catalog/detail/keys.h"
#include "core/text.h"
#include "types/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace muster {
namespace {

std::string child_section(std::string_view section, std::string_view name) {
    return section.empty() ? std::string{name} : fmt::format("{}.{}", section, name);
}

const KeySpec* find_spec(std::string_view section, std::string_view name) {
    for (const KeySpec& spec : key_specs()) {
        if (spec.section == section && spec.name == name) {
            return &spec;
        }
    }
    return nullptr;
}

bool is_scalar(const Node& node) {
    return node.kind != NodeKind::kTable && node.kind != NodeKind::kArray;
}

// What a value of the wrong shape is instead.
std::string actual_text(const Node& node, Shape wanted) {
    const bool array_wanted =
        wanted == Shape::kStrings || wanted == Shape::kTables || wanted == Shape::kScalars;
    if ((node.kind == NodeKind::kArray && array_wanted) ||
        (node.kind == NodeKind::kTable && wanted == Shape::kScalarMap)) {
        return "one of other values";
    }
    // What comes from the environment may be a secret.
    return node.kind == NodeKind::kString && !node.from_environment
               ? fmt::format("the string \"{}\"", node.text)
               : std::string{node_kind_text(node.kind)};
}

std::string bounds_text(const KeySpec& spec) {
    return spec.max == std::numeric_limits<std::int64_t>::max()
               ? fmt::format("be at least {}", spec.min)
               : fmt::format("lie between {} and {}", spec.min, spec.max);
}

bool all_of_kind(const std::vector<Node>& items, NodeKind kind) {
    return std::all_of(items.begin(), items.end(), [&](const Node& n) { return n.kind == kind; });
}

bool has_shape(const Node& node, Shape shape) {
    switch (shape) {
        case Shape::kString:
            return node.kind == NodeKind::kString;
        case Shape::kInteger:
            return node.kind == NodeKind::kInteger;
        case Shape::kNumber:
            return node.kind == NodeKind::kInteger || node.kind == NodeKind::kFloat;
        case Shape::kBool:
            return node.kind == NodeKind::kBool;
        case Shape::kBoolOrAuto:
            return node.kind == NodeKind::kBool ||
                   (node.kind == NodeKind::kString && node.text == "auto");
        case Shape::kStrings:
            return node.kind == NodeKind::kArray && all_of_kind(node.items, NodeKind::kString);
        case Shape::kTable:
            return node.kind == NodeKind::kTable;
        case Shape::kTables:
            return node.kind == NodeKind::kArray && all_of_kind(node.items, NodeKind::kTable);
        case Shape::kScalar:
            return is_scalar(node);
        case Shape::kScalars:
            return node.kind == NodeKind::kArray &&
                   std::all_of(node.items.begin(), node.items.end(), is_scalar);
        case Shape::kScalarMap:
            return node.kind == NodeKind::kTable &&
                   std::all_of(node.members.begin(), node.members.end(), [](const Member& m) {
                       return is_scalar(m.value);
                   });
    }
    return false;
}

// A variable's value is text; where a key wants another kind, it is read as that.
void read_environment_text(Node& node, Shape shape) {
    if (!node.from_environment) {
        return;
    }
    if ((shape == Shape::kInteger || shape == Shape::kNumber) &&
        decode_int64(node.text, node.integer) == DecodeStatus::kOk) {
        node.kind = NodeKind::kInteger;
        node.number = static_cast<double>(node.integer);
    } else if (shape == Shape::kNumber &&
               decode_double(node.text, node.number) == DecodeStatus::kOk) {
        node.kind = NodeKind::kFloat;
    } else if ((shape == Shape::kBool || shape == Shape::kBoolOrAuto) &&
               decode_bool(node.text, node.boolean) == DecodeStatus::kOk) {
        node.kind = NodeKind::kBool;
    }
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        text += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        text += fmt::format("\"{}\"", words[i]);
    }
    return text;
}

class KeyChecker {
  public:
    explicit KeyChecker(Problems& problems) : problems_(problems) {}

    void check_table(Node& table, const std::string& section) {
        for (Member& member : table.members) {
            const KeySpec* spec = find_spec(section, member.key);
            if (spec == nullptr) {
                report_unknown(member, section);
                member.value.usable = false;
            } else {
                check_value(member, *spec);
            }
        }
        for (const KeySpec& spec : key_specs()) {
            if (spec.section == section && spec.required) {
                require(table, spec);
            }
        }
    }

  private:
    void report_unknown(const Member& member, const std::string& section) {
        std::vector<std::string> names;
        std::string_view elsewhere;
        for (const KeySpec& spec : key_specs()) {
            if (spec.section == section) {
                names.emplace_back(spec.name);
            } else if (spec.name == member.key && elsewhere.empty()) {
                elsewhere = section_label(spec.section);
            }
        }
        std::string hint = did_you_mean(member.key, names);
        if (!elsewhere.empty()) {
            hint = fmt::format("; it belongs to {}", elsewhere);
        } else if (hint.empty()) {
            hint = "; remove it";
        }
        problems_.add(
            member.place,
            fmt::format("unknown key '{}' in {}{}", member.key, section_label(section), hint));
    }

    void require(const Node& table, const KeySpec& spec) {
        const bool present = std::any_of(table.members.begin(),
                                         table.members.end(),
                                         [&](const Member& m) { return m.key == spec.name; });
        if (!present) {
            problems_.add(table.place,
                          fmt::format("{} needs the key '{}', for example: {}",
                                      section_label(spec.section),
                                      spec.name,
                                      spec.example));
        }
    }

    void check_value(Member& member, const KeySpec& spec) {
        Node& node = member.value;
        if (!node.usable) {
            return;
        }
        read_environment_text(node, spec.shape);
        if (!has_shape(node, spec.shape)) {
            node.usable = false;
            problems_.add(
                node.place,
                fmt::format("'{}' must be {}, but is {}{}",
                            spec.name,
                            shape_text(spec.shape),
                            actual_text(node, spec.shape),
                            spec.example.empty() ? std::string{}
                                                 : fmt::format("; for example: {}", spec.example)));
            return;
        }
        if (spec.shape == Shape::kTable) {
            check_table(node, child_section(spec.section, spec.name));
        } else if (spec.shape == Shape::kTables) {
            for (Node& item : node.items) {
                check_table(item, child_section(spec.section, spec.name));
            }
        } else {
            check_bounds(node, spec);
        }
    }

    void check_bounds(Node& node, const KeySpec& spec) {
        if (spec.shape == Shape::kInteger || spec.shape == Shape::kNumber) {
            const bool inside = node.kind == NodeKind::kInteger
                                    ? node.integer >= spec.min && node.integer <= spec.max
                                    : node.number >= static_cast<double>(spec.min) &&
                                          node.number <= static_cast<double>(spec.max);
            if (!inside) {
                node.usable = false;
                problems_.add(
                    node.place,
                    fmt::format(
                        "'{}' must {}, but is {}", spec.name, bounds_text(spec), node.text));
            }
            return;
        }
        if (spec.shape != Shape::kString || spec.allowed.empty()) {
            return;
        }
        const std::vector<std::string> allowed = split(spec.allowed, '|');
        if (std::find(allowed.begin(), allowed.end(), node.text) == allowed.end()) {
            node.usable = false;
            problems_.add(node.place,
                          fmt::format("'{}' must be {}, but is \"{}\"{}",
                                      spec.name,
                                      joined(allowed),
                                      node.text,
                                      did_you_mean(node.text, allowed)));
        }
    }

    Problems& problems_;
};

}  // namespace

std::string_view shape_text(Shape shape) {
    switch (shape) {
        case Shape::kString:
            return "a string";
        case Shape::kInteger:
            return "an integer";
        case Shape::kNumber:
            return "a number";
        case Shape::kBool:
            return "true or false";
        case Shape::kBoolOrAuto:
            return "true, false or \"auto\"";
        case Shape::kStrings:
            return "an array of strings";
        case Shape::kTable:
            return "a table";
        case Shape::kScalarMap:
            return "a table of single values";
        case Shape::kTables:
            return "an array of tables";
        case Shape::kScalar:
            return "a single value";
        case Shape::kScalars:
            return "an array of values";
    }
    return {};
}

std::string_view section_label(std::string_view section) {
    for (const SectionSpec& spec : section_specs()) {
        if (spec.section == section) {
            return spec.label;
        }
    }
    return section;
}

void check_keys(Node& document, Problems& problems) {
    KeyChecker{problems}.check_table(document, "");
}

}  // namespace muster
