// Every key of muster.toml, declared once: the checks, the suggestions and docs/catalog.md come
// from these tables.
#pragma once

#include "catalog/detail/document.h"
#include "catalog/detail/problems.h"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace muster {

enum class Shape {
    kString,
    kInteger,
    kNumber,
    kBool,
    kBoolOrAuto,  // true, false or "auto"
    kStrings,
    kTable,   // a section of its own
    kTables,  // an array of sections
    kScalar,  // typed by the column or parameter it belongs to
    kScalars,
    kScalarMap,  // names and values
};

struct KeySpec {
    std::string_view section;  // "table.column"; "" is the top level
    std::string_view name;
    Shape shape;
    bool required = false;
    std::string_view default_text;  // as shown in the reference; "" = none
    std::string_view example;       // TOML; "" for sections
    std::string_view description;
    std::string_view allowed = {};  // of strings, separated by '|'; "" = any
    std::int64_t min = std::numeric_limits<std::int64_t>::min();  // of integers and numbers
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct SectionSpec {
    std::string_view section;
    std::string_view label;  // as a person writes it: "[[table.column]]"
    std::string_view description;
};

std::span<const KeySpec> key_specs();  // of all sections
std::span<const KeySpec> table_key_specs();
std::span<const KeySpec> report_key_specs();
std::span<const SectionSpec> section_specs();

std::string_view section_label(std::string_view section);
// "a string", "an integer", ...
std::string_view shape_text(Shape shape);

// Reports unknown keys, missing ones and values of the wrong kind, from the top level down, and
// marks such values as not usable. What it leaves usable has the declared shape.
void check_keys(Node& document, Problems& problems);

}  // namespace muster
