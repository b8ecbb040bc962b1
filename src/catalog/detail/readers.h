// The parts of load_catalog: each reads one kind of section from a document that check_keys has
// passed, and reports what is wrong beyond the shape of values. They never stop at the first error.
#pragma once

#include "catalog/catalog.h"
#include "catalog/detail/document.h"
#include "catalog/detail/problems.h"
#include "core/result.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Reads a file beside the catalog by its relative path.
using CatalogFileReader = std::function<Result<std::string>(const std::string& path)>;

// A table with the places of its parts. A column's type is known only if `typed` says so: checks
// that need the type are left out for the others, whose error is reported already.
struct ReadTable {
    Table table;
    const Node* node = nullptr;
    std::vector<const Node*> column_nodes;
    std::vector<bool> typed;
    std::vector<const Node*> reference_nodes;  // one per reference of the table
};

// Values of optional keys.
std::string text_or(const Node& section, std::string_view key, std::string_view fallback);
bool bool_or(const Node& section, std::string_view key, bool fallback);
std::vector<std::string> texts_of(const Node& section, std::string_view key);
// The place of a key's value, or of the section if it has none.
Place place_of_key(const Node& section, std::string_view key);

// Whether the text is ^[a-z_][a-z0-9_]{0,62}$.
bool valid_name(std::string_view name);
// Reads 'name' of a section and reports a bad one; `what` is such as "table".
std::string read_name(const Node& section, std::string_view what, Problems& problems);
// Reports `name` if it is in `taken`, otherwise adds it there.
void check_unique(std::vector<std::string>& taken,
                  const std::string& name,
                  std::string_view what,
                  Place place,
                  Problems& problems);

std::optional<ColumnType> read_type(const Node& section, Problems& problems);
// The typed value of a node; `key` is its name in messages.
std::optional<Value> read_value(const Node& node,
                                std::string_view key,
                                const ColumnType& type,
                                std::span<const std::string> formats,
                                Problems& problems);
// Reads the bounds 'min' and 'max' and checks that they are in order.
void read_bounds(const Node& section,
                 const ColumnType& type,
                 std::span<const std::string> formats,
                 std::optional<Value>& min,
                 std::optional<Value>& max,
                 Problems& problems);
// "" or why RE2 does not accept the pattern.
std::string pattern_problem(const std::string& pattern);

void read_column(const Node& node, Column& column, bool& typed, Problems& problems);
ReadTable read_table(const Node& node, Problems& problems);
// What concerns several tables: names, paths, globs, references.
void check_tables(std::vector<ReadTable>& tables, Problems& problems);

Report read_report(const Node& node, const CatalogFileReader& read_file, Problems& problems);
// The SQL text of a report: its parameters against the declared ones.
void check_report_sql(const Report& report, Place place, Problems& problems);
void check_reports(const std::vector<Report>& reports,
                   const std::vector<const Node*>& nodes,
                   const std::vector<ReadTable>& tables,
                   Problems& problems);

// The schedule of `job` in a section of the top level, if it has one under the key `cron_key`; the
// keys 'zone', 'overlap' and 'misfire' beside it belong to it.
void read_schedule(const Node& document,
                   std::string_view section_name,
                   std::string_view cron_key,
                   std::string_view job,
                   Catalog& catalog,
                   Problems& problems);

void read_settings(const Node& document,
                   const std::filesystem::path& base,
                   const CatalogOverrides& overrides,
                   Catalog& catalog,
                   Problems& problems);

}  // namespace muster
