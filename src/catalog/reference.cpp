#include "catalog/reference.h"

#include "catalog/detail/keys.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::string_view kIntroduction = R"__(# The catalog: `muster.toml`

One file describes the data sets. Adding a table or a report needs no code. `muster init` writes the
default catalog, which is built into the program; `muster config check` checks a catalog and shows
every error at once, with its line, column and remedy.

- Paths in the file are relative to the file's folder. URLs such as `s3://bucket/prefix/` stay as
  they are.
- A string may take its value from the environment: `${VAR}`, or `${VAR:default}` for a variable
  that may be missing. A variable that is not set and has no default is an error. `$${` stands for
  the characters `${`. Where a key wants a number or a boolean, a string that comes from a variable
  is read as one.
- Unknown keys are errors.
- Names of tables, columns, reports, parameters and checks are lower-case letters, digits and `_`,
  at most 63 characters, no digit first. Table names that start with `muster` and the column name
  `_position` are reserved.

## Types

- `int32`, `int64`: an optional sign and decimal digits, within the full range of the type.
- `decimal(p,s)`: an optional sign and digits with at most one point; at most `p - s` digits before
  it, leading zeros not counted. Digits after the first `s` must be zeros. `p` is 1 to 38.
- `double`: as `decimal`, with an optional exponent. Neither NaN nor infinities.
- `bool`: `true`, `t`, `yes`, `1`, `false`, `f`, `no`, `0`, in any case.
- `string`: any UTF-8 text.
- `date`: `YYYY-MM-DD`, years 0001 to 9999.
- `timestamp`: one of the column's `formats`, or RFC 3339 such as `2021-11-07T02:48:42Z`, with `T`,
  `t` or a space, an optional fraction, and `Z`, `z` or an offset such as `+05:30`. Kept in UTC with
  microseconds; further digits must be zeros.

A text of another form is refused as `value.not_integer`, `value.not_number`, `value.not_boolean`,
`value.not_date` or `value.not_timestamp`; one of this form that the type cannot hold as
`value.out_of_range`. Bounds, defaults and `one_of` are written in TOML's own form of the type, or
as strings for decimals, dates and timestamps.
)__";

std::string_view type_column(const KeySpec& spec) {
    switch (spec.shape) {
        case Shape::kString:
            return "string";
        case Shape::kInteger:
            return "integer";
        case Shape::kNumber:
            return "number";
        case Shape::kBool:
            return "boolean";
        case Shape::kBoolOrAuto:
            return "boolean or `\"auto\"`";
        case Shape::kStrings:
            return "array of strings";
        case Shape::kTable:
            return "section";
        case Shape::kTables:
            return "array of sections";
        case Shape::kScalar:
            return "value";
        case Shape::kScalars:
            return "array of values";
        case Shape::kScalarMap:
            return "names and values";
    }
    return {};
}

std::string default_column(const KeySpec& spec) {
    if (spec.required) {
        return "required";
    }
    const bool word = spec.default_text == "none" || spec.default_text == "any" ||
                      spec.default_text == "the name" || spec.default_text.empty();
    return word ? std::string{spec.default_text} : fmt::format("`{}`", spec.default_text);
}

std::string bounds_suffix(const KeySpec& spec) {
    const bool bounded_above = spec.max != std::numeric_limits<std::int64_t>::max();
    if (spec.min == std::numeric_limits<std::int64_t>::min()) {
        return {};
    }
    return bounded_above ? fmt::format(" {} to {}.", spec.min, spec.max)
                         : fmt::format(" At least {}.", spec.min);
}

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '|' ? "\\|" : std::string{c};
    }
    return out;
}

std::string section_text(const SectionSpec& section) {
    std::string text = fmt::format(
        "\n## {}\n\n{}\n\n| Key | Type | Default | Meaning | Example |\n|---|---|---|---|---|\n",
        section.section.empty() ? std::string{"Sections"} : fmt::format("`{}`", section.label),
        section.description);
    for (const KeySpec& spec : key_specs()) {
        if (spec.section == section.section) {
            text += fmt::format("| `{}` | {} | {} | {}{} | `{}` |\n",
                                spec.name,
                                type_column(spec),
                                cell(default_column(spec)),
                                cell(spec.description),
                                bounds_suffix(spec),
                                cell(spec.example));
        }
    }
    return text;
}

}  // namespace

std::string catalog_reference_markdown() {
    std::string text{kIntroduction};
    for (const SectionSpec& section : section_specs()) {
        text += section_text(section);
    }
    return text;
}

}  // namespace muster
