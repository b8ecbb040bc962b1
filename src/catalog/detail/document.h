// A TOML document as plain values with their places, environment variables already filled in.
// Hides the TOML library from the rest of the module.
#pragma once

#include "catalog/catalog.h"
#include "catalog/detail/problems.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

enum class NodeKind {
    kTable,
    kArray,
    kString,
    kInteger,
    kFloat,
    kBool,
    kDate,
    kTime,
    kLocalDateTime,
    kOffsetDateTime,
};

struct Member;

struct Node {
    NodeKind kind = NodeKind::kTable;
    Place place;
    std::string text;  // of every scalar: as a person would write it
    std::int64_t integer = 0;
    double number = 0;  // integers too
    bool boolean = false;
    bool from_environment = false;  // a string that holds a variable's value
    bool usable = true;             // false: already reported, skip it
    std::vector<Node> items;        // of an array
    std::vector<Member> members;    // of a table

    // The usable value of a key, or nullptr.
    const Node* find(std::string_view key) const;
};

struct Member {
    std::string key;
    Place place;
    Node value;
};

// "a string", "an integer", ...
std::string_view node_kind_text(NodeKind kind);

// Parses `text`; a syntax error or an undefined variable goes to `problems`.
Node parse_document(std::string_view text,
                    const EnvironmentLookup& environment,
                    Problems& problems);

enum class ExpandStatus { kPlain, kReplaced, kFailed };

// Replaces ${VAR}, ${VAR:default} and $${ in `text`. kFailed: reported, the text is as before.
ExpandStatus expand_environment(std::string& text,
                                const EnvironmentLookup& environment,
                                Place place,
                                Problems& problems);

}  // namespace muster
