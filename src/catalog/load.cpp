// Loading a catalog, in three steps that report into one list: 1. parse the TOML and fill in
// environment variables; 2. check keys and shapes against the table of keys; 3. read each section
// and check what it means, alone and together with the others.
#include "catalog/detail/keys.h"
#include "catalog/detail/readers.h"
#include "core/check.h"
#include "core/limits.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <tuple>

namespace muster {
namespace {

constexpr std::string_view kCatalogFileName = "muster.toml";
constexpr std::string_view kBuiltinOrigin = "(built in)";

Result<std::string> read_text_file(const std::filesystem::path& path) {
    std::error_code failure;
    const auto size = std::filesystem::file_size(path, failure);
    if (failure) {
        return Error{ErrorCode::kUsage,
                     fmt::format("cannot read '{}': {}", path.string(), failure.message()),
                     {},
                     {}};
    }
    if (size > kCatalogBytesMax) {
        return Error{
            ErrorCode::kUsage,
            fmt::format("'{}' is larger than {}", path.string(), human_bytes(kCatalogBytesMax)),
            {},
            {}};
    }
    std::ifstream file{path, std::ios::binary};
    std::string text(size, '\0');
    file.read(text.data(), static_cast<std::streamsize>(size));
    if (!file) {
        return Error{
            ErrorCode::kUsage, fmt::format("cannot read '{}' to its end", path.string()), {}, {}};
    }
    return text;
}

struct Source {
    std::string origin;
    std::string text;
    std::filesystem::path base;  // absolute
    CatalogFileReader read_file;
};

CatalogLoad load(const Source& source,
                 const EnvironmentLookup& environment,
                 const CatalogOverrides& overrides) {
    Problems problems{source.origin};
    Node document = parse_document(source.text, environment, problems);
    CatalogLoad result;
    if (document.members.empty() && !problems.empty()) {
        result.problems = problems.sorted();
        return result;
    }
    check_keys(document, problems);

    Catalog catalog;
    catalog.origin = source.origin;
    read_settings(document, source.base, overrides, catalog, problems);
    std::vector<ReadTable> tables;
    if (const Node* nodes = document.find("table")) {
        if (nodes->items.empty() || nodes->items.size() > kTablesMax) {
            problems.add(nodes->place,
                         fmt::format("a catalog has 1 to {} tables; this one has {}",
                                     kTablesMax,
                                     nodes->items.size()));
        }
        for (const Node& node : nodes->items) {
            tables.push_back(read_table(node, problems));
        }
    }
    check_tables(tables, problems);
    std::vector<const Node*> report_nodes;
    if (const Node* nodes = document.find("report")) {
        for (const Node& node : nodes->items) {
            catalog.reports.push_back(read_report(node, source.read_file, problems));
            report_nodes.push_back(&node);
        }
    }
    check_reports(catalog.reports, report_nodes, tables, problems);

    result.problems = problems.sorted();
    if (result.problems.empty()) {
        for (ReadTable& read : tables) {
            catalog.tables.push_back(std::move(read.table));
        }
        result.catalog = std::move(catalog);
    }
    return result;
}

}  // namespace

std::vector<CatalogProblem> Problems::sorted() const {
    std::vector<CatalogProblem> sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
        return std::tuple{a.file != file_, std::string_view{a.file}, a.line, a.column} <
               std::tuple{b.file != file_, std::string_view{b.file}, b.line, b.column};
    });
    return sorted;
}

CatalogLoad load_catalog(const std::filesystem::path& file,
                         const EnvironmentLookup& environment,
                         const CatalogOverrides& overrides) {
    auto text = read_text_file(file);
    if (!text) {
        Problems problems{file.string()};
        problems.add({},
                     fmt::format("{}; name another file with --config, or write one with "
                                 "'muster init'",
                                 text.error().message));
        return {std::nullopt, problems.sorted()};
    }
    std::error_code failure;
    const std::filesystem::path absolute = std::filesystem::absolute(file, failure);
    const std::filesystem::path base = (failure ? file : absolute).parent_path();
    const auto read_file = [base](const std::string& path) { return read_text_file(base / path); };
    return load({file.string(), std::move(text).value(), base, read_file}, environment, overrides);
}

CatalogLoad load_builtin_catalog(const std::filesystem::path& base,
                                 const EnvironmentLookup& environment,
                                 const CatalogOverrides& overrides) {
    const auto read_file = [](const std::string& path) -> Result<std::string> {
        for (const auto& [name, content] : builtin_catalog_files()) {
            if (name == path) {
                return std::string{content};
            }
        }
        return Error{
            ErrorCode::kUsage, fmt::format("the program holds no file '{}'", path), {}, {}};
    };
    const auto text = read_file(std::string{kCatalogFileName});
    MUSTER_CHECK(text.ok());
    std::error_code failure;
    const std::filesystem::path absolute = std::filesystem::absolute(base, failure);
    return load({std::string{kBuiltinOrigin}, text.value(), failure ? base : absolute, read_file},
                environment,
                overrides);
}

}  // namespace muster
