#include "catalog/detail/readers.h"
#include "core/limits.h"
#include "core/text.h"
#include "types/decode.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

std::vector<std::string> type_names() {
    return {"int32", "int64", "decimal(p,s)", "double", "bool", "string", "date", "timestamp"};
}

// The type that a name of another system stands for, or the nearest name.
std::string type_hint(std::string_view text) {
    struct Synonym {
        std::string_view other;
        std::string_view ours;
    };
    static constexpr Synonym kSynonyms[] = {{"integer", "int64"},
                                            {"bigint", "int64"},
                                            {"text", "string"},
                                            {"varchar", "string"},
                                            {"float", "double"},
                                            {"real", "double"},
                                            {"number", "double"},
                                            {"numeric", "decimal(10,2)"},
                                            {"decimal", "decimal(10,2)"},
                                            {"boolean", "bool"},
                                            {"datetime", "timestamp"}};
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.other == text) {
            return fmt::format(" (did you mean '{}'?)", synonym.ours);
        }
    }
    const std::vector<std::string> names = type_names();
    return did_you_mean(text, names);
}

// Whether a value of this kind can be meant for the type. Decimals, dates and timestamps may be
// written as strings, because TOML has no exact decimals and other forms of time.
bool kind_fits(const Node& node, TypeKind type) {
    switch (type) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return node.kind == NodeKind::kInteger || node.from_environment;
        case TypeKind::kDecimal:
            return node.kind == NodeKind::kInteger || node.kind == NodeKind::kFloat ||
                   node.kind == NodeKind::kString;
        case TypeKind::kDouble:
            return node.kind == NodeKind::kInteger || node.kind == NodeKind::kFloat ||
                   node.from_environment;
        case TypeKind::kBool:
            return node.kind == NodeKind::kBool || node.from_environment;
        case TypeKind::kString:
            return node.kind == NodeKind::kString;
        case TypeKind::kDate:
            return node.kind == NodeKind::kDate || node.kind == NodeKind::kString;
        case TypeKind::kTimestamp:
            return node.kind == NodeKind::kOffsetDateTime || node.kind == NodeKind::kString;
    }
    return false;
}

std::string_view value_example(TypeKind type) {
    switch (type) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return "42";
        case TypeKind::kDecimal:
            return "\"10.50\"";
        case TypeKind::kDouble:
            return "0.5";
        case TypeKind::kBool:
            return "true";
        case TypeKind::kString:
            return "\"text\"";
        case TypeKind::kDate:
            return "2021-12-31";
        case TypeKind::kTimestamp:
            return "2021-12-31T23:59:59Z";
    }
    return {};
}

}  // namespace

std::optional<ColumnType> read_type(const Node& section, Problems& problems) {
    const Node* node = section.find("type");
    if (node == nullptr) {
        return std::nullopt;
    }
    const auto type = parse_type(node->text);
    if (!type) {
        problems.add(node->place,
                     fmt::format("unknown type '{}'{}; known are int32, int64, decimal(p,s), "
                                 "double, bool, string, date and timestamp",
                                 node->text,
                                 type_hint(node->text)));
        return std::nullopt;
    }
    if (type->kind == TypeKind::kDecimal &&
        (type->precision < 1 || type->precision > kDecimalPrecisionMax || type->scale < 0 ||
         type->scale > type->precision)) {
        problems.add(node->place,
                     fmt::format("'{}': a decimal has a precision of 1 to {} and a scale of 0 to "
                                 "the precision",
                                 node->text,
                                 kDecimalPrecisionMax));
        return std::nullopt;
    }
    return type;
}

std::optional<Value> read_value(const Node& node,
                                std::string_view key,
                                const ColumnType& type,
                                std::span<const std::string> formats,
                                Problems& problems) {
    if (!kind_fits(node, type.kind)) {
        problems.add(node.place,
                     fmt::format("'{}' must be of the type {}, but is {}; for example: {}",
                                 key,
                                 type_text(type),
                                 node_kind_text(node.kind),
                                 value_example(type.kind)));
        return std::nullopt;
    }
    Value value;
    switch (decode_value(type, formats, node.text, value)) {
        case DecodeStatus::kOk:
            return value;
        case DecodeStatus::kMalformed:
            problems.add(node.place,
                         fmt::format("'{}': '{}' is no {}; for example: {}",
                                     key,
                                     node.text,
                                     type_text(type),
                                     value_example(type.kind)));
            return std::nullopt;
        case DecodeStatus::kOutOfRange:
            problems.add(
                node.place,
                fmt::format("'{}': {} is more than {} can hold", key, node.text, type_text(type)));
            return std::nullopt;
    }
    return std::nullopt;
}

void read_bounds(const Node& section,
                 const ColumnType& type,
                 std::span<const std::string> formats,
                 std::optional<Value>& min,
                 std::optional<Value>& max,
                 Problems& problems) {
    const Node* min_node = section.find("min");
    const Node* max_node = section.find("max");
    for (const auto& [key, node] : {std::pair{"min", min_node}, std::pair{"max", max_node}}) {
        if (node == nullptr) {
            continue;
        }
        if (type.kind == TypeKind::kBool) {
            problems.add(node->place, fmt::format("'{}' is not for bool; use one_of", key));
            continue;
        }
        auto& bound = node == min_node ? min : max;
        bound = read_value(*node, key, type, formats, problems);
    }
    if (min && max && *min > *max) {
        problems.add(min_node->place,
                     fmt::format("'min' ({}) is above 'max' ({}): no value would pass",
                                 value_text(type, *min),
                                 value_text(type, *max)));
        min.reset();  // so that nothing else is measured by them
        max.reset();
    }
}

std::string pattern_problem(const std::string& pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 expression{pattern, options};
    return expression.ok() ? std::string{} : expression.error();
}

}  // namespace muster
