#include "cli/select.h"

#include "core/text.h"

#include <fmt/core.h>

namespace muster {
namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

Error unknown(std::string_view kind,
              const std::string& name,
              const std::vector<std::string>& names,
              const Catalog& catalog) {
    return Error{
        ErrorCode::kUsage,
        fmt::format(
            "there is no {} '{}' in {}{}", kind, name, catalog.origin, did_you_mean(name, names)),
        names.empty() ? "" : fmt::format("{}s: {}", kind, joined(names))};
}

}  // namespace

Result<const Table*> select_table(const Catalog& catalog, const std::string& name) {
    if (const Table* table = catalog.find_table(name)) {
        return table;
    }
    return unknown("table", name, catalog.table_names(), catalog);
}

Result<std::vector<const Table*>> select_tables(const Catalog& catalog,
                                                const std::vector<std::string>& names) {
    std::vector<const Table*> tables;
    for (const std::string& name : names) {
        MUSTER_ASSIGN(const Table* table, select_table(catalog, name));
        tables.push_back(table);
    }
    if (names.empty()) {
        for (const Table& table : catalog.tables) {
            tables.push_back(&table);
        }
    }
    return tables;
}

Result<const Report*> select_report(const Catalog& catalog, const std::string& name) {
    if (const Report* report = catalog.find_report(name)) {
        return report;
    }
    return unknown("report", name, catalog.report_names(), catalog);
}

}  // namespace muster
