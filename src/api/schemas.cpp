// The JSON Schemas of the API's bodies: fixed ones, and those of the catalog's tables and reports.
#include "api/openapi.h"
#include "api/row_answers.h"
#include "core/limits.h"
#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace muster {
namespace {

// Every member is required; nothing else is allowed.
constexpr std::pair<std::string_view, std::string_view> kFixed[] = {
    {"Credentials",
     R"({"type":"object","required":["username","password"],"additionalProperties":false,)"
     R"("properties":{"username":{"type":"string"},"password":{"type":"string",)"
     R"("format":"password"}}})"},
    {"NewUser",
     R"({"type":"object","required":["username","password"],"additionalProperties":false,)"
     R"("properties":{"username":{"type":"string","minLength":3,"maxLength":64,)"
     R"("pattern":"^[A-Za-z0-9][A-Za-z0-9._-]*$"},"password":{"type":"string","minLength":8,)"
     R"("maxLength":128,"description":"No common one, and not the user name."}}})"},
    {"Refresh",
     R"({"type":"object","required":["refresh_token"],"additionalProperties":false,)"
     R"("properties":{"refresh_token":{"type":"string"}}})"},
    {"Registered",
     R"({"type":"object","required":["message","username","role"],)"
     R"("properties":{"message":{"type":"string"},"username":{"type":"string"},)"
     R"("role":{"enum":["reader","writer","admin"]}}})"},
    {"Tokens",
     R"({"type":"object","required":["access_token","token_type","expires_in","refresh_token"],)"
     R"("properties":{"access_token":{"type":"string"},"token_type":{"const":"Bearer"},)"
     R"("expires_in":{"type":"integer"},"refresh_token":{"type":"string"}}})"},
    {"Message",
     R"({"type":"object","required":["message"],"properties":{"message":{"type":"string"}}})"},
    {"Problem",
     R"({"type":"object","required":["type","title","status","detail","instance","code","message",)"
     R"("errors"],"properties":{"type":{"type":"string"},"title":{"type":"string"},)"
     R"("status":{"type":"integer"},"detail":{"type":"string"},"instance":{"type":"string"},)"
     R"("code":{"type":"string"},"message":{"type":"string"},"errors":{"type":"array","items":)"
     R"({"type":"object","required":["pointer","code","detail"],"properties":{"pointer":)"
     R"({"type":"string"},"code":{"type":"string"},"detail":{"type":"string"}}}}}})"},
    {"Inserted",
     R"({"type":"object","required":["message","inserted"],"properties":)"
     R"({"message":{"type":"string"},"inserted":{"type":"integer"}}})"},
    {"Written",
     R"({"type":"object","required":["inserted"],"properties":{"inserted":{"type":"integer"},)"
     R"("updated":{"type":"integer"},"unchanged":{"type":"integer"},"rejected":)"
     R"({"type":"integer"},"rows":{"type":"array","items":{"type":"object","required":)"
     R"(["index","status","errors"],"properties":{"index":{"type":"integer"},"status":)"
     R"({"enum":["stored","rejected"]},"errors":{"type":"array","items":{"type":"object"}}}}}}})"},
    {"Reports",
     R"({"type":"array","items":{"type":"object","required":["name","title","params"]}})"},
    {"StartRun",
     R"({"type":"object","additionalProperties":false,"properties":{"tables":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/TableName"}},"force":{"type":"boolean"}}})"},
    {"Started",
     R"({"type":"object","required":["run_id","status"],"properties":{"run_id":)"
     R"({"type":"string"},"status":{"type":"string"}}})"},
    {"Backup",
     R"({"type":"object","required":["backup_name","table","problem"],"properties":{"message":)"
     R"({"type":"string"},"backup_name":{"type":"string"},"table":{"type":"string"},"reason":)"
     R"({"enum":["backup","safety"]},"created_at":{"type":"string","format":"date-time"},"rows":)"
     R"({"type":"integer"},"bytes":{"type":"integer"},"content_checksum":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{32}$"},"table_version":{"type":"integer"},"last_run":{"type":)"
     R"(["string","null"]},"files":{"type":"array","items":{"type":"object"}},"problem":{"type":)"
     R"(["string","null"],"description":"Why it is damaged; its facts are left out then."}}})"},
    {"Backups", R"({"type":"array","items":{"$ref":"#/components/schemas/Backup"}})"},
    {"Restored",
     R"({"type":"object","required":["message","backup_name","table","run_id","rows",)"
     R"("broken_references"],"properties":{"message":{"type":"string"},"backup_name":{"type":)"
     R"("string"},"table":{"type":"string"},"run_id":{"type":"string"},"rows":{"type":"integer"},)"
     R"("safety_backup":{"type":"string"},"restored_ms":{"type":"number"},"gate_ms":)"
     R"({"type":"number"},"objects_since":{"type":)"
     R"("array","items":{"type":"string"}},"changes":{"type":"object"},"broken_references":)"
     R"({"type":"array","items":{"type":"object"}}}})"},
    {"Run",
     R"({"type":"object","required":["run_id","status","kind","backup","trigger","error",)"
     R"("started_at","finished_at","seconds","tables","rejects_by_code"],"properties":{"run_id":)"
     R"({"type":"string"},"kind":{"enum":["load","backup","restore"]},"backup":{"type":)"
     R"(["string","null"]},"status":{"enum":["running","succeeded","partial","failed",)"
     R"("cancelled"]},"trigger":{"type":"string"},"error":{"type":["string","null"]},)"
     R"("started_at":{"type":"string","format":"date-time"},"finished_at":{"type":["string",)"
     R"("null"]},"seconds":{"type":["number","null"]},"tables":{"type":"array","items":)"
     R"({"type":"object"}},"rejects_by_code":{"type":"object"}}})"},
    {"Runs", R"({"type":"array","items":{"$ref":"#/components/schemas/Run"}})"},
    {"Reject",
     R"({"type":"object","required":["type","id","table","object","line","offset","length",)"
     R"("severity","state","reasons"],"properties":{"type":{"const":"reject"},"id":)"
     R"({"type":["string","null"]},"table":{"type":"string"},"object":{"type":"string"},)"
     R"("line":{"type":["integer","null"]},"offset":{"type":["integer","null"]},"length":)"
     R"({"type":"integer"},"pointer":{"type":"string"},"raw":{"type":"string"},"raw_base64":)"
     R"({"type":"string"},"severity":{"enum":["error","notice"]},"state":{"enum":["open",)"
     R"("replayed","waived","gone"]},"reasons":{"type":"array","items":{"type":"object",)"
     R"("required":["code","column","value","message"]}}}})"},
    {"Rejects", R"({"type":"array","items":{"$ref":"#/components/schemas/Reject"}})"},
    {"Event",
     R"({"type":"object","required":["id","event","data"],"properties":{"id":{"type":"string"},)"
     R"("event":{"enum":["progress","warning","summary"]},"data":{"type":"string","description":)"
     R"("JSON, as the lines of the command line's --json."}}})"},
    {"Replayed",
     R"({"type":"object","required":["run_id","replayed","refused","already_replayed"],)"
     R"("properties":{"run_id":{"type":"string"},"replayed":{"type":"integer"},"refused":)"
     R"({"type":"integer"},"already_replayed":{"type":"integer"}}})"},
    {"Waive",
     R"({"type":"object","additionalProperties":false,"properties":{"note":{"type":"string"}}})"},
    {"Waived",
     R"({"type":"object","required":["id","state"],"properties":{"id":{"type":"string"},)"
     R"("state":{"const":"waived"}}})"},
    {"Health",
     R"({"type":"object","required":["status"],"properties":{"status":{"type":"string"}}})"},
    {"Version",
     R"({"type":"object","required":["name","version","catalog","limits"],"properties":)"
     R"({"name":{"type":"string"},"version":{"type":"string"},"catalog":{"type":"string"},)"
     R"("limits":{"type":"object","additionalProperties":{"type":"integer"}}}})"},
    {"OpenApi", R"({"type":"object","required":["openapi","info","paths"]})"},
};

void add_text_rules(const Table& table, const Column& column, JsonObject& out) {
    out.text("type", "string");
    if (column.type.kind == TypeKind::kDate) {
        out.text("format", "date");
    } else if (column.type.kind == TypeKind::kTimestamp) {
        out.text("format", "date-time");
    } else {
        out.number("minLength", column.min_length.value_or(column.keep_empty ? 0 : 1));
        if (column.max_length) {
            out.number("maxLength", *column.max_length);
        }
        // NUL is refused; without keep_empty something must be left after trimming.
        const bool any = column.keep_empty || !table.trim;
        out.text("pattern", any ? "^[^\\x00]*$" : "^[^\\x00]*[^ \\t\\x00][^\\x00]*$");
    }
}

void add_number_rules(const Column& column, JsonObject& out) {
    const bool integer =
        column.type.kind == TypeKind::kInt32 || column.type.kind == TypeKind::kInt64;
    out.text("type", integer ? "integer" : "number");
    const bool wide = column.type.kind == TypeKind::kInt64;
    if (integer) {
        out.text("format", wide ? "int64" : "int32");
    }
    if (column.min) {
        out.raw("minimum", value_text(column.type, *column.min));
    } else if (integer) {
        out.raw("minimum", wide ? "-9223372036854775808" : "-2147483648");
    }
    if (column.max) {
        out.raw("maximum", value_text(column.type, *column.max));
    } else if (integer) {
        out.raw("maximum", wide ? "9223372036854775807" : "2147483647");
    }
}

bool is_number(const Column& column) {
    switch (column.type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return true;
        case TypeKind::kBool:
        case TypeKind::kString:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return false;
    }
    return false;
}

std::string or_null(std::string schema) {
    return R"({"anyOf":[)" + std::move(schema) + R"(,{"type":"null"}]})";
}

std::string plain_type(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return "integer";
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return "number";
        case TypeKind::kBool:
            return "boolean";
        case TypeKind::kString:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return "string";
    }
    return "string";
}

// A row as it comes out: no rules, NULL where it may be.
std::string row_out_schema(const Table& table) {
    JsonObject members;
    std::vector<std::string> names;
    for (const Column& column : table.columns) {
        names.push_back(column.name);
        members.raw(column.name,
                    fmt::format(R"({{"type":["{}","null"]}})", plain_type(column.type)));
    }
    return JsonObject{}
        .text("type", "object")
        .raw("required", json_texts(names))
        .raw("properties", members.str())
        .str();
}

std::string row_in_schema(const Table& table) {
    JsonObject members;
    std::vector<std::string> names;
    for (const Column& column : table.columns) {
        names.push_back(column.name);
        const bool null = table.api_allow_null && column.nullable;
        members.raw(column.name,
                    null ? or_null(column_schema(table, column)) : column_schema(table, column));
    }
    return JsonObject{}
        .text("type", "object")
        .raw("required", json_texts(names))
        .raw("additionalProperties", "false")
        .raw("properties", members.str())
        .str();
}

std::string report_schema(const Report& report) {
    JsonObject members;
    std::vector<std::string> names;
    for (const ReportColumn& column : report.columns) {
        names.push_back(column.name);
        members.raw(column.name,
                    fmt::format(R"({{"type":["{}","null"]}})", plain_type(column.type)));
    }
    return R"({"type":"array","items":)" +
           JsonObject{}
               .text("type", "object")
               .raw("required", json_texts(names))
               .raw("properties", members.str())
               .str() +
           "}";
}

std::string example_value(const Column& column) {
    if (column.min && is_number(column)) {
        return value_text(column.type, *column.min);
    }
    if (!column.one_of.empty()) {
        return json_value(column.type, column.one_of.front());
    }
    switch (column.type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return "1";
        case TypeKind::kBool:
            return "true";
        case TypeKind::kDate:
            return "\"2021-11-07\"";
        case TypeKind::kTimestamp:
            return "\"2021-11-07T02:48:42Z\"";
        case TypeKind::kString:
            return json_quote("example");
    }
    return "null";
}

}  // namespace

std::string column_schema(const Table& table, const Column& column) {
    JsonObject out;
    if (column.type.kind == TypeKind::kBool) {
        out.text("type", "boolean");
    } else if (is_number(column)) {
        add_number_rules(column, out);
    } else {
        add_text_rules(table, column, out);
    }
    if (!column.one_of.empty()) {
        JsonArray values;
        for (const Value& value : column.one_of) {
            values.raw(json_value(column.type, value));
        }
        out.raw("enum", values.str());
    }
    if (!column.description.empty()) {
        out.text("description", column.description);
    }
    return out.str();
}

std::string filter_schema(const Column& column) {
    JsonObject out;
    out.text("type", plain_type(column.type));
    if (column.type.kind == TypeKind::kString) {
        out.text("pattern", "^[^\\x00]*$");
    }
    if (column.type.kind == TypeKind::kTimestamp || column.type.kind == TypeKind::kDate) {
        out.text("format", column.type.kind == TypeKind::kDate ? "date" : "date-time");
    }
    if (column.type.kind == TypeKind::kInt32 || column.type.kind == TypeKind::kInt64) {
        const bool wide = column.type.kind == TypeKind::kInt64;
        out.raw("minimum", wide ? "-9223372036854775808" : "-2147483648");
        out.raw("maximum", wide ? "9223372036854775807" : "2147483647");
    }
    return out.str();
}

std::string order_schema(const Table& table) {
    std::vector<std::string> choices;
    for (const Column& column : table.columns) {
        choices.push_back(column.name);
        choices.push_back(column.name + ".asc");
        choices.push_back(column.name + ".desc");
    }
    return JsonObject{}.text("type", "string").raw("enum", json_texts(choices)).str();
}

std::string key_schema(const Table& table) {
    return table.key.size() == 1 ? filter_schema(*table.find_column(table.key.front()))
                                 : R"({"type":"string","minLength":1})";
}

std::string example_row(const Table& table) {
    JsonObject out;
    for (const Column& column : table.columns) {
        out.raw(column.name, example_value(column));
    }
    return out.str();
}

std::string component_schemas(const Catalog& catalog) {
    JsonObject out;
    for (const auto& [name, schema] : kFixed) {
        out.raw(name, schema);
    }
    out.raw(
        "TableName",
        JsonObject{}.text("type", "string").raw("enum", json_texts(catalog.table_names())).str());
    for (const Table& table : catalog.tables) {
        const std::string name = table.name.str();
        const std::string in = fmt::format(R"({{"$ref":"#/components/schemas/new_{}"}})", name);
        out.raw("new_" + name, row_in_schema(table));
        out.raw(
            "rows_" + name,
            fmt::format(
                R"({{"oneOf":[{0},{{"type":"array","minItems":1,"maxItems":{1},"items":{0}}}]}})",
                in,
                kRowsPerRequestMax));
        out.raw("row_" + name, row_out_schema(table));
        out.raw(
            "list_" + name,
            fmt::format(R"({{"type":"array","items":{{"$ref":"#/components/schemas/row_{}"}}}})",
                        name));
    }
    for (const Report& report : catalog.reports) {
        out.raw("report_" + report.name.str(), report_schema(report));
    }
    return out.str();
}

}  // namespace muster
