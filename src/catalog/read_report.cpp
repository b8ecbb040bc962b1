#include "catalog/detail/readers.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

bool is_number(TypeKind kind) {
    return kind == TypeKind::kInt32 || kind == TypeKind::kInt64 || kind == TypeKind::kDecimal ||
           kind == TypeKind::kDouble;
}

// Whether the key is there at all, usable or not.
bool has_key(const Node& section, std::string_view key) {
    return std::any_of(section.members.begin(), section.members.end(), [&](const Member& m) {
        return m.key == key;
    });
}

bool has_name(const std::vector<ReportColumn>& columns, std::string_view name) {
    return std::any_of(
        columns.begin(), columns.end(), [&](const ReportColumn& c) { return c.name == name; });
}

std::string column_hint(const Report& report, std::string_view name) {
    std::vector<std::string> names;
    for (const ReportColumn& column : report.columns) {
        names.push_back(column.name);
    }
    return did_you_mean(name, names);
}

void check_within(const ReportParam& param,
                  const Value& value,
                  std::string_view key,
                  Place place,
                  Problems& problems) {
    if ((param.min && value < *param.min) || (param.max && value > *param.max)) {
        problems.add(place,
                     fmt::format("'{}': {} is outside the bounds of the parameter '{}' ({} to {})",
                                 key,
                                 value_text(param.type, value),
                                 param.name,
                                 param.min ? value_text(param.type, *param.min) : "any",
                                 param.max ? value_text(param.type, *param.max) : "any"));
    }
}

// What later checks need to know of a parameter whose declaration may be faulty.
struct ParamFacts {
    bool typed = false;        // its type could be read
    bool has_default = false;  // one is written, sound or not
};

void read_params(const Node& node,
                 Report& report,
                 std::vector<ParamFacts>& facts,
                 Problems& problems) {
    const Node* params = node.find("params");
    if (params == nullptr) {
        return;
    }
    std::vector<std::string> taken;
    for (const Node& item : params->items) {
        ReportParam param;
        param.name = read_name(item, "parameter", problems);
        check_unique(taken, param.name, "parameter", place_of_key(item, "name"), problems);
        const auto type = read_type(item, problems);
        facts.push_back({type.has_value(), has_key(item, "default")});
        if (type) {
            param.type = *type;
            read_bounds(item, *type, {}, param.min, param.max, problems);
            if (const Node* value = item.find("default")) {
                param.default_value = read_value(*value, "default", *type, {}, problems);
                if (param.default_value) {
                    check_within(param, *param.default_value, "default", value->place, problems);
                }
            }
        }
        report.params.push_back(std::move(param));
    }
}

void read_columns(const Node& node, Report& report, Problems& problems) {
    const Node* columns = node.find("columns");
    if (columns == nullptr) {
        return;
    }
    if (columns->items.empty()) {
        problems.add(columns->place, "'columns' is empty; name the columns of the result");
    }
    std::vector<std::string> taken;
    for (const Node& item : columns->items) {
        ReportColumn column;
        column.name = read_name(item, "column", problems);
        check_unique(taken, column.name, "column", place_of_key(item, "name"), problems);
        column.type = read_type(item, problems).value_or(ColumnType{});
        report.columns.push_back(std::move(column));
    }
}

void read_alias(const Node& node,
                const Report& report,
                const std::vector<ParamFacts>& facts,
                ReportAlias& alias,
                Problems& problems) {
    alias.path = text_or(node, "path", "");
    std::vector<std::string> names;
    for (const ReportParam& param : report.params) {
        names.push_back(param.name);
    }
    const Node* values = node.find("params");
    if (values != nullptr) {
        for (const Member& member : values->members) {
            const auto found = std::find(names.begin(), names.end(), member.key);
            const auto index = static_cast<std::size_t>(found - names.begin());
            if (found == names.end()) {
                problems.add(member.place,
                             fmt::format("the report has no parameter '{}'{}",
                                         member.key,
                                         did_you_mean(member.key, names)));
            } else if (facts[index].typed && member.value.usable) {
                const ReportParam& param = report.params[index];
                const auto value = read_value(member.value, member.key, param.type, {}, problems);
                if (value) {
                    check_within(param, *value, member.key, member.value.place, problems);
                    alias.params.emplace(member.key, *value);
                }
            } else {
                alias.params.emplace(member.key, Value{});  // its error is reported already
            }
        }
    }
    if (values == nullptr && has_key(node, "params")) {
        return;
    }
    for (std::size_t i = 0; i < report.params.size(); ++i) {
        const std::string& name = report.params[i].name;
        const bool given = values != nullptr && has_key(*values, name);
        if (!given && !facts[i].has_default && !name.empty()) {
            problems.add(
                node.place,
                fmt::format("the alias must fix the parameter '{}', which has no default", name));
        }
    }
}

void read_chart(const Node& node, Report& report, Problems& problems) {
    const Node* chart_node = node.find("chart");
    if (chart_node == nullptr) {
        return;
    }
    ReportChart chart;
    chart.kind = text_or(*chart_node, "kind", "");
    chart.x = text_or(*chart_node, "x", "");
    chart.series = texts_of(*chart_node, "series");
    const auto check_column = [&](const std::string& name, Place place) {
        if (!has_name(report.columns, name)) {
            problems.add(place,
                         fmt::format("the chart names the column '{}', which the report does not "
                                     "have{}",
                                     name,
                                     column_hint(report, name)));
            return false;
        }
        return true;
    };
    if (const Node* x = chart_node->find("x")) {
        check_column(x->text, x->place);
    }
    if (const Node* series = chart_node->find("series")) {
        if (series->items.empty()) {
            problems.add(series->place, "'series' is empty; name the columns to draw");
        }
        for (const Node& item : series->items) {
            if (!check_column(item.text, item.place)) {
                continue;
            }
            const auto column = std::find_if(report.columns.begin(),
                                             report.columns.end(),
                                             [&](const auto& c) { return c.name == item.text; });
            if (!is_number(column->type.kind)) {
                problems.add(item.place,
                             fmt::format("the series '{}' is {}; a chart draws numbers",
                                         item.text,
                                         type_text(column->type)));
            }
        }
    }
    report.chart = std::move(chart);
}

void read_sql(const Node& node,
              Report& report,
              const CatalogFileReader& read_file,
              Problems& problems) {
    const Node* sql = node.find("sql");
    if (sql == nullptr) {
        return;
    }
    report.sql_path = sql->text;
    const std::filesystem::path path{sql->text};
    const bool leaves = std::find(path.begin(), path.end(), "..") != path.end();
    if (path.is_absolute() || leaves || path.extension() != ".sql") {
        problems.add(sql->place,
                     fmt::format("'sql' is '{}'; name a .sql file beside or below the catalog, for "
                                 "example \"reports/sales.sql\"",
                                 sql->text));
        return;
    }
    auto text = read_file(sql->text);
    if (!text) {
        problems.add(sql->place,
                     fmt::format("{}; correct 'sql' or write the file", text.error().message));
        return;
    }
    report.sql = std::move(text).value();
    check_report_sql(report, sql->place, problems);
}

}  // namespace

Report read_report(const Node& node, const CatalogFileReader& read_file, Problems& problems) {
    Report report;
    report.name = ReportName{read_name(node, "report", problems)};
    report.title = text_or(node, "title", report.name.str());
    std::vector<ParamFacts> facts;
    read_params(node, report, facts, problems);
    read_columns(node, report, problems);
    if (const Node* aliases = node.find("aliases")) {
        for (const Node& item : aliases->items) {
            read_alias(item, report, facts, report.aliases.emplace_back(), problems);
        }
    }
    read_chart(node, report, problems);
    read_sql(node, report, read_file, problems);
    return report;
}

}  // namespace muster
