#include "warehouse/detail/ledger_json.h"

#include "core/json_writer.h"
#include "core/text.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace muster {

namespace {

namespace dom = simdjson::dom;

std::string text_of(const dom::object& object, std::string_view key) {
    std::string_view value;
    return object.at_key(key).get_string().get(value) == simdjson::SUCCESS ? std::string(value)
                                                                           : std::string();
}

std::int64_t int_of(const dom::object& object, std::string_view key) {
    std::int64_t value = 0;
    return object.at_key(key).get_int64().get(value) == simdjson::SUCCESS ? value : 0;
}

double real_of(const dom::object& object, std::string_view key) {
    double value = 0;
    return object.at_key(key).get_double().get(value) == simdjson::SUCCESS ? value : 0;
}

bool bool_of(const dom::object& object, std::string_view key) {
    bool value = false;
    return object.at_key(key).get_bool().get(value) == simdjson::SUCCESS && value;
}

std::string counts_json(const LoadCounts& counts) {
    return fmt::format(R"({{"read":{},"inserted":{},"updated":{},"unchanged":{},"deduplicated":{},)"
                       R"("rejected":{},"blank_lines":{}}})",
                       counts.read,
                       counts.inserted,
                       counts.updated,
                       counts.unchanged,
                       counts.deduplicated,
                       counts.rejected,
                       counts.blank_lines);
}

LoadCounts counts_of(const dom::object& parent) {
    dom::object object;
    LoadCounts counts;
    if (parent.at_key("counts").get_object().get(object) == simdjson::SUCCESS) {
        counts.read = int_of(object, "read");
        counts.inserted = int_of(object, "inserted");
        counts.updated = int_of(object, "updated");
        counts.unchanged = int_of(object, "unchanged");
        counts.deduplicated = int_of(object, "deduplicated");
        counts.rejected = int_of(object, "rejected");
        counts.blank_lines = int_of(object, "blank_lines");
    }
    return counts;
}

std::string codes_json(const std::map<std::string, std::uint64_t>& codes) {
    std::string out = "{";
    for (const auto& [code, count] : codes) {
        out += (out.size() > 1 ? "," : "") + json_quote(code) + ":" + std::to_string(count);
    }
    return out + "}";
}

std::map<std::string, std::uint64_t> codes_of(const dom::object& parent, std::string_view key) {
    std::map<std::string, std::uint64_t> codes;
    dom::object object;
    if (parent.at_key(key).get_object().get(object) == simdjson::SUCCESS) {
        for (const auto field : object) {
            codes[std::string(field.key)] = static_cast<std::uint64_t>(int_of(object, field.key));
        }
    }
    return codes;
}

Error unreadable(const char* what) {
    return Error{
        ErrorCode::kVerification, fmt::format("the ledger's {} is not readable", what), "", ""};
}

template <typename Visit>
void each_object(const dom::object& parent, std::string_view key, const Visit& visit) {
    dom::array array;
    if (parent.at_key(key).get_array().get(array) != simdjson::SUCCESS) {
        return;
    }
    for (const dom::element element : array) {
        dom::object object;
        if (element.get_object().get(object) == simdjson::SUCCESS) {
            visit(object);
        }
    }
}

}  // namespace

std::string table_outcome_json(const TableOutcome& outcome) {
    std::string objects;
    for (const ObjectOutcome& object : outcome.objects) {
        objects += fmt::format(
            R"({}{{"object":{},"status":{},"code":{},"error":{},"bytes":{},"counts":{}}})",
            objects.empty() ? "" : ",",
            json_quote(object.object),
            json_quote(object.status),
            json_quote(object.code),
            json_quote(object.error),
            object.bytes,
            counts_json(object.counts));
    }
    return fmt::format(
        R"({{"table":{},"status":{},"error":{},"counts":{},"bytes":{},"seconds":{:.6f},)"
        R"("rejects_by_code":{},"notices_by_code":{},"objects":[{}]}})",
        json_quote(outcome.table),
        json_quote(outcome.status),
        json_quote(outcome.error),
        counts_json(outcome.counts),
        outcome.bytes,
        outcome.seconds,
        codes_json(outcome.rejects_by_code),
        codes_json(outcome.notices_by_code),
        objects);
}

Result<TableOutcome> parse_table_outcome(std::string_view json) {
    dom::parser parser;
    dom::object root;
    if (parser.parse(json.data(), json.size()).get_object().get(root) != simdjson::SUCCESS) {
        return unreadable("outcome of a table");
    }
    TableOutcome outcome;
    outcome.table = text_of(root, "table");
    outcome.status = text_of(root, "status");
    outcome.error = text_of(root, "error");
    outcome.counts = counts_of(root);
    outcome.bytes = static_cast<std::uint64_t>(int_of(root, "bytes"));
    outcome.seconds = real_of(root, "seconds");
    outcome.rejects_by_code = codes_of(root, "rejects_by_code");
    outcome.notices_by_code = codes_of(root, "notices_by_code");
    each_object(root, "objects", [&outcome](const dom::object& object) {
        outcome.objects.push_back({text_of(object, "object"),
                                   text_of(object, "status"),
                                   text_of(object, "error"),
                                   counts_of(object),
                                   static_cast<std::uint64_t>(int_of(object, "bytes")),
                                   text_of(object, "code")});
    });
    return outcome;
}

StoredSchema stored_schema(const Table& table) {
    StoredSchema schema;
    for (const Column& column : table.columns) {
        schema.columns.push_back({column.name, column.type, column.nullable});
    }
    schema.key = table.key;
    return schema;
}

std::string stored_schema_json(const StoredSchema& schema) {
    std::string columns;
    for (const StoredColumn& column : schema.columns) {
        columns +=
            fmt::format(R"({}{{"name":{},"kind":{},"precision":{},"scale":{},"nullable":{}}})",
                        columns.empty() ? "" : ",",
                        json_quote(column.name),
                        static_cast<int>(column.type.kind),
                        column.type.precision,
                        column.type.scale,
                        column.nullable);
    }
    return fmt::format(R"({{"columns":[{}],"key":{}}})", columns, json_texts(schema.key));
}

Result<StoredSchema> parse_stored_schema(std::string_view json) {
    dom::parser parser;
    dom::object root;
    if (parser.parse(json.data(), json.size()).get_object().get(root) != simdjson::SUCCESS) {
        return unreadable("schema of a table");
    }
    StoredSchema schema;
    each_object(root, "columns", [&schema](const dom::object& object) {
        StoredColumn column;
        column.name = text_of(object, "name");
        column.type.kind = static_cast<TypeKind>(int_of(object, "kind"));
        column.type.precision = static_cast<int>(int_of(object, "precision"));
        column.type.scale = static_cast<int>(int_of(object, "scale"));
        column.nullable = bool_of(object, "nullable");
        schema.columns.push_back(std::move(column));
    });
    dom::array key;
    if (root.at_key("key").get_array().get(key) == simdjson::SUCCESS) {
        for (const dom::element element : key) {
            std::string_view name;
            if (element.get_string().get(name) == simdjson::SUCCESS) {
                schema.key.emplace_back(name);
            }
        }
    }
    return schema;
}

std::vector<std::string> parse_names_json(std::string_view json) {
    std::vector<std::string> names;
    dom::parser parser;
    dom::array array;
    if (parser.parse(json.data(), json.size()).get_array().get(array) == simdjson::SUCCESS) {
        for (const dom::element element : array) {
            std::string_view name;
            if (element.get_string().get(name) == simdjson::SUCCESS) {
                names.emplace_back(name);
            }
        }
    }
    return names;
}

}  // namespace muster
