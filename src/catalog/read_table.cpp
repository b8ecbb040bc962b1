#include "catalog/detail/readers.h"
#include "core/limits.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::string_view kReservedPrefix = "muster";

std::string column_hint(const Table& table, std::string_view name) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) {
        names.push_back(column.name);
    }
    return did_you_mean(name, names);
}

void read_columns(const Node& node, ReadTable& out, Problems& problems) {
    const Node* columns = node.find("column");
    if (columns == nullptr) {
        return;
    }
    if (columns->items.empty() || columns->items.size() > kColumnsMax) {
        problems.add(columns->place,
                     fmt::format("a table has 1 to {} columns; this one has {}",
                                 kColumnsMax,
                                 columns->items.size()));
    }
    std::vector<std::string> taken;
    for (const Node& item : columns->items) {
        Column column;
        bool typed = false;
        read_column(item, column, typed, problems);
        check_unique(taken, column.name, "column", place_of_key(item, "name"), problems);
        out.table.columns.push_back(std::move(column));
        out.typed.push_back(typed);
        out.column_nodes.push_back(&item);
    }
}

void read_key(const Node& node, Table& table, Problems& problems) {
    const Node* key = node.find("key");
    if (key == nullptr) {
        return;
    }
    if (key->items.empty()) {
        problems.add(key->place, "'key' is empty; name at least one column");
    }
    for (const Node& item : key->items) {
        const Column* column = table.find_column(item.text);
        if (column == nullptr) {
            problems.add(item.place,
                         fmt::format("'key' names the column '{}', which the table does not have{}",
                                     item.text,
                                     column_hint(table, item.text)));
        } else if (column->nullable) {
            problems.add(item.place,
                         fmt::format("the key column '{}' is nullable; remove 'nullable' from it, "
                                     "or choose another key",
                                     item.text));
        }
        if (table.is_key(item.text)) {
            problems.add(item.place, fmt::format("'key' names '{}' twice; remove one", item.text));
        } else {
            table.key.push_back(item.text);
        }
    }
}

void read_references(const Node& node, ReadTable& out, Problems& problems) {
    const Node* references = node.find("references");
    if (references == nullptr) {
        return;
    }
    std::vector<std::string> taken;
    for (const Node& item : references->items) {
        const Node* column = item.find("column");
        const Node* target = item.find("table");
        if (column == nullptr || target == nullptr) {
            continue;
        }
        if (out.table.find_column(column->text) == nullptr) {
            problems.add(column->place,
                         fmt::format("'references' names the column '{}', which the table does not "
                                     "have{}",
                                     column->text,
                                     column_hint(out.table, column->text)));
        }
        check_unique(taken, column->text, "reference of column", column->place, problems);
        out.table.references.push_back({column->text, TableName{target->text}});
        out.reference_nodes.push_back(&item);
    }
}

void read_checks(const Node& node, Table& table, Problems& problems) {
    const Node* checks = node.find("check");
    if (checks == nullptr) {
        return;
    }
    std::vector<std::string> taken;
    for (const Node& item : checks->items) {
        RowCheck check{read_name(item, "check", problems), text_or(item, "sql", "")};
        check_unique(taken, check.name, "check", place_of_key(item, "name"), problems);
        const Node* sql = item.find("sql");
        if (sql != nullptr && sql->text.find_first_not_of(" \t\r\n") == std::string::npos) {
            problems.add(sql->place, "'sql' is empty; write a boolean expression");
        }
        table.checks.push_back(std::move(check));
    }
}

// One ASCII character that can stand between or around values.
bool read_character(const Node& node, std::string_view key, char& out, Problems& problems) {
    const Node* value = node.find(key);
    if (value == nullptr) {
        return true;
    }
    const std::string& text = value->text;
    const bool fits = text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 &&
                      text[0] != '\r' && text[0] != '\n' && text[0] != '\0';
    if (!fits) {
        problems.add(value->place,
                     fmt::format("'{}' must be one ASCII character and no line end", key));
        return false;
    }
    out = text[0];
    return true;
}

void read_file_options(const Node& node, Table& table, Problems& problems) {
    if (const Node* header = node.find("header")) {
        table.header = header->kind != NodeKind::kBool ? HeaderMode::kAuto
                       : header->boolean               ? HeaderMode::kPresent
                                                       : HeaderMode::kAbsent;
    }
    bool sound = read_character(node, "delimiter", table.delimiter, problems);
    if (text_or(node, "quote", "\"").empty()) {
        table.quote = '\0';
    } else {
        sound = read_character(node, "quote", table.quote, problems) && sound;
    }
    if (sound && table.delimiter == table.quote) {
        problems.add(place_of_key(node, node.find("quote") != nullptr ? "quote" : "delimiter"),
                     "'delimiter' and 'quote' are the same character; change one");
    }
    table.trim = bool_or(node, "trim", true);
    table.null_values = texts_of(node, "null_values");
    if (const Node* bytes = node.find("max_record_bytes")) {
        table.max_record_bytes = static_cast<std::size_t>(bytes->integer);
    }
}

void read_reject_limit(const Node& node, Table& table, Problems& problems) {
    const Node* limit = node.find("reject_limit");
    if (limit == nullptr) {
        return;
    }
    if (const Node* rows = limit->find("rows")) {
        table.reject_limit.rows = rows->integer;
    }
    if (const Node* percent = limit->find("percent")) {
        table.reject_limit.percent = percent->number;
    }
    if (limit->members.empty()) {
        problems.add(limit->place, "'reject_limit' is empty; give rows, percent or both");
    }
}

void read_policy(const Node& node, Table& table) {
    const std::string policy = text_or(node, "on_duplicate_key", "last");
    table.on_duplicate_key = policy == "first"    ? DuplicatePolicy::kFirst
                             : policy == "reject" ? DuplicatePolicy::kReject
                                                  : DuplicatePolicy::kLast;
}

}  // namespace

ReadTable read_table(const Node& node, Problems& problems) {
    ReadTable out;
    out.node = &node;
    Table& table = out.table;
    table.name = TableName{read_name(node, "table", problems)};
    if (table.name.str().starts_with(kReservedPrefix)) {
        problems.add(
            place_of_key(node, "name"),
            fmt::format("the table name '{}' starts with '{}', which is reserved; rename it",
                        table.name.str(),
                        kReservedPrefix));
    }
    table.path = text_or(node, "path", table.name.str());
    table.files = text_or(node, "files", "");
    table.description = text_or(node, "description", "");
    read_columns(node, out, problems);
    read_key(node, table, problems);
    read_policy(node, table);
    read_references(node, out, problems);
    read_checks(node, table, problems);
    read_reject_limit(node, table, problems);
    if (const Node* api = node.find("api")) {
        table.api_allow_null = bool_or(*api, "allow_null", false);
    }
    read_file_options(node, table, problems);
    return out;
}

}  // namespace muster
