#include "warehouse/redshift/data_values.h"

#include "core/limits.h"
#include "core/text.h"
#include "warehouse/postgres/sql_lexer.h"
#include "warehouse/redshift/detail/json.h"

#include <fmt/format.h>

#include <charconv>

namespace muster::redshift {
namespace {

// The number of "$12"; 0 for any other token.
std::size_t parameter_number(std::string_view token) {
    std::size_t number = 0;
    if (token.size() > 1 && token.front() == '$') {
        std::from_chars(token.data() + 1, token.data() + token.size(), number);
    }
    return number;
}

PgColumnType column_type(std::string_view name, std::int64_t precision, std::int64_t scale) {
    const auto is = [name](std::initializer_list<std::string_view> names) {
        for (const std::string_view one : names) {
            if (one == name) {
                return true;
            }
        }
        return false;
    };
    if (is({"int2", "int4"})) {
        return {{TypeKind::kInt32, 0, 0}, true};
    }
    if (is({"int8", "oid"})) {
        return {{TypeKind::kInt64, 0, 0}, true};
    }
    if (is({"float4", "float8"})) {
        return {{TypeKind::kDouble, 0, 0}, true};
    }
    if (is({"bool"})) {
        return {{TypeKind::kBool, 0, 0}, true};
    }
    if (is({"varchar", "text", "bpchar", "char", "name"})) {
        return {{TypeKind::kString, 0, 0}, true};
    }
    if (is({"date"})) {
        return {{TypeKind::kDate, 0, 0}, true};
    }
    if (is({"timestamp", "timestamptz"})) {
        return {{TypeKind::kTimestamp, 0, 0}, true};
    }
    const bool fits =
        precision > 0 && precision <= kDecimalPrecisionMax && scale >= 0 && scale <= precision;
    if (name == "numeric" && fits) {
        return {{TypeKind::kDecimal, static_cast<int>(precision), static_cast<int>(scale)}, true};
    }
    return {{}, false};
}

// False for a field whose shape nobody knows, which is no NULL.
bool read_value(simdjson::dom::element field, std::optional<std::string>& value) {
    std::string_view text;
    std::int64_t whole = 0;
    double real = 0;
    bool truth = false;
    // A double that JSON cannot hold as a number comes as a text.
    if (field["stringValue"].get_string().get(text) == simdjson::SUCCESS ||
        field["blobValue"].get_string().get(text) == simdjson::SUCCESS ||
        field["doubleValue"].get_string().get(text) == simdjson::SUCCESS) {
        value = std::string(text);
    } else if (field["longValue"].get_int64().get(whole) == simdjson::SUCCESS) {
        value = std::to_string(whole);
    } else if (field["booleanValue"].get_bool().get(truth) == simdjson::SUCCESS) {
        value = truth ? "t" : "f";
    } else if (field["doubleValue"].get_double().get(real) == simdjson::SUCCESS) {
        value = fmt::format("{}", real);
    } else {
        value.reset();
        return true_or_false(field["isNull"]);
    }
    return true;
}

struct Words {
    std::string_view words;
    const char* sqlstate;
};

// The states that muster looks at, by what the database says.
constexpr Words kStates[] = {
    {"erializable isolation violation", "40001"},
    {"transaction is read-only", "25006"},
    {"cancelled on user", "57014"},
    {"canceling statement due to", "57014"},
    {"permission denied", "42501"},
    {"current transaction is aborted", "25P02"},
};

void erase_from(std::string& text, std::string_view mark) {
    if (const std::size_t at = text.find(mark); at != std::string::npos) {
        text.resize(at);
    }
}

}  // namespace

DataSql name_parameters(const std::string& sql, const PgParams& params) {
    DataSql out;
    std::vector<bool> named(params.list().size(), false);
    SqlLexer lexer(sql);
    for (SqlToken token = lexer.next(); token.kind != SqlTokenKind::kEnd; token = lexer.next()) {
        const std::size_t number = parameter_number(token.text);
        if (token.kind != SqlTokenKind::kOther || number == 0 || number > named.size()) {
            out.sql += token.text;
            continue;
        }
        const PgParams::Param& param = params.list()[number - 1];
        if (param.null || param.bytes.empty()) {
            out.sql += param.null ? "NULL" : "''";
            continue;
        }
        const std::string name = fmt::format("p{}", number);
        out.sql += ":" + name;
        if (!named[number - 1]) {
            named[number - 1] = true;
            out.parameters.emplace_back(name, param.bytes);
        }
    }
    return out;
}

std::optional<DataPage> read_data_page(const std::string& json) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    simdjson::dom::array columns;
    simdjson::dom::array records;
    if (parser.parse(json).get(root) != simdjson::SUCCESS ||
        root["ColumnMetadata"].get_array().get(columns) != simdjson::SUCCESS ||
        root["Records"].get_array().get(records) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    DataPage page;
    for (const simdjson::dom::element column : columns) {
        std::string_view name;
        if (column["name"].get_string().get(name) != simdjson::SUCCESS) {
            return std::nullopt;
        }
        const std::string type = text_or_empty(column["typeName"]);
        const std::int64_t precision = number_or_zero(column["precision"]);
        const std::int64_t scale = number_or_zero(column["scale"]);
        page.table.columns.push_back({std::string(name), column_type(type, precision, scale)});
    }
    for (const simdjson::dom::element record : records) {
        simdjson::dom::array fields;
        if (record.get_array().get(fields) != simdjson::SUCCESS ||
            fields.size() != page.table.columns.size()) {
            return std::nullopt;
        }
        auto& row = page.table.rows.emplace_back();
        for (const simdjson::dom::element field : fields) {
            if (!read_value(field, row.emplace_back())) {
                return std::nullopt;
            }
        }
    }
    std::string_view token;
    if (root["NextToken"].get_string().get(token) == simdjson::SUCCESS) {
        page.next_token = std::string(token);
    }
    return page;
}

DataFailure read_data_failure(std::string_view error) {
    constexpr std::string_view kSeverity = "ERROR: ";
    constexpr std::string_view kDetail = "\n  Detail: ";
    DataFailure failure;
    failure.of_statement = error.starts_with(kSeverity);
    std::string text(failure.of_statement ? error.substr(kSeverity.size()) : error);
    erase_from(text, " [ErrorId:");
    erase_from(text, "\n  Position:");
    erase_from(text, "\n  Hint:");
    if (const std::size_t at = text.find(kDetail); at != std::string::npos) {
        text.replace(at, kDetail.size(), ": ");
    }
    failure.text = std::move(text);
    for (const Words& one : kStates) {
        if (failure.text.find(one.words) != std::string::npos) {
            failure.sqlstate = one.sqlstate;
            break;
        }
    }
    return failure;
}

std::string first_word(std::string_view sql) {
    SqlLexer lexer(sql);
    SqlToken token = lexer.next();
    while (token.kind == SqlTokenKind::kSpace) {
        token = lexer.next();
    }
    return ascii_lower(token.text);
}

}  // namespace muster::redshift
