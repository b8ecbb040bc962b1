#include "catalog/catalog.h"

#include "core/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace muster {

const Column* Table::find_column(std::string_view column_name) const {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
        return column.name == column_name;
    });
    return found != columns.end() ? &*found : nullptr;
}

std::size_t Table::column_index(std::string_view column_name) const {
    const Column* column = find_column(column_name);
    MUSTER_CHECK(column != nullptr);
    return static_cast<std::size_t>(column - columns.data());
}

bool Table::is_key(std::string_view column_name) const {
    return std::find(key.begin(), key.end(), column_name) != key.end();
}

const Table* Catalog::find_table(std::string_view table_name) const {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& table) {
        return table.name.str() == table_name;
    });
    return found != tables.end() ? &*found : nullptr;
}

const Report* Catalog::find_report(std::string_view report_name) const {
    const auto found = std::find_if(reports.begin(), reports.end(), [&](const Report& report) {
        return report.name.str() == report_name;
    });
    return found != reports.end() ? &*found : nullptr;
}

std::vector<std::string> Catalog::table_names() const {
    std::vector<std::string> names;
    for (const Table& table : tables) {
        names.push_back(table.name.str());
    }
    return names;
}

std::vector<std::string> Catalog::report_names() const {
    std::vector<std::string> names;
    for (const Report& report : reports) {
        names.push_back(report.name.str());
    }
    return names;
}

std::vector<const Table*> Catalog::load_order() const {
    std::vector<const Table*> order;
    std::set<TableName> placed;
    while (order.size() < tables.size()) {
        const std::size_t before = order.size();
        for (const Table& table : tables) {
            const bool ready =
                !placed.contains(table.name) &&
                std::all_of(table.references.begin(),
                            table.references.end(),
                            [&](const Reference& r) { return placed.contains(r.table); });
            if (ready) {
                order.push_back(&table);
                placed.insert(table.name);
            }
        }
        MUSTER_CHECK(order.size() > before);  // load_catalog refuses circles
    }
    return order;
}

Error problems_error(const std::vector<CatalogProblem>& problems) {
    std::string message;
    for (const CatalogProblem& problem : problems) {
        message += fmt::format("{}{}:{}:{}: {}",
                               message.empty() ? "" : "\n",
                               problem.file,
                               problem.line,
                               problem.column,
                               problem.message);
    }
    return Error{ErrorCode::kUsage, std::move(message), {}, {}};
}

}  // namespace muster
