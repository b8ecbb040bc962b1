// Cursors: the last row of a page as base64url of {"list": hash, "after": [text or null, ...]}.
// The hash binds it to table, order and filters.
#include "core/text.h"
#include "rows/rows.h"
#include "types/decode.h"
#include "validate/reject.h"

#include <simdjson.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::size_t kCursorBytesMax = 8192;

std::string list_hash(const Table& table, const RowQuery& query) {
    std::string text = table.name.str();
    text += query.order_by ? "\norder " + table.columns[*query.order_by].name : "\nkey";
    text += query.descending ? "\ndescending" : "\nascending";
    for (const RowQuery::Filter& filter : query.filters) {
        const Column& column = table.columns[filter.column];
        const bool null = std::holds_alternative<std::monostate>(filter.value);
        text += "\n" + column.name + (null ? " null" : "=") +
                json_quote(value_text(column.type, filter.value));
    }
    return raw_hash_text(hash_raw(text));
}

std::string base64url(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>((bits >> count) & 0xFFU);
        }
    }
    return out;
}

std::optional<Value> read_part(const Column& column, const simdjson::dom::element& part) {
    if (part.is_null()) {
        return Value{};
    }
    std::string_view text;
    if (part.get_string().get(text) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    Value value;
    if (decode_value(column.type, {}, text, value) != DecodeStatus::kOk) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string encode_cursor(const Table& table, const RowQuery& query, const Row& last) {
    std::string json = "{\"list\":" + json_quote(list_hash(table, query)) + ",\"after\":[";
    const char* comma = "";
    for (const std::size_t column : order_columns(table, query)) {
        const Value& value = last[column];
        json += comma;
        json += std::holds_alternative<std::monostate>(value)
                    ? "null"
                    : json_quote(value_text(table.columns[column].type, value));
        comma = ",";
    }
    return base64url(json + "]}");
}

std::optional<Row> decode_cursor(const Table& table, const RowQuery& query, std::string_view text) {
    if (text.size() > kCursorBytesMax) {
        return std::nullopt;
    }
    const auto json = from_base64url(text);
    if (!json) {
        return std::nullopt;
    }
    simdjson::dom::parser parser;
    simdjson::dom::object root;
    std::string_view list;
    simdjson::dom::array parts;
    if (parser.parse(*json).get_object().get(root) != simdjson::SUCCESS ||
        root.at_key("list").get_string().get(list) != simdjson::SUCCESS ||
        root.at_key("after").get_array().get(parts) != simdjson::SUCCESS ||
        list != list_hash(table, query)) {
        return std::nullopt;
    }
    const std::vector<std::size_t> columns = order_columns(table, query);
    Row after;
    for (const simdjson::dom::element part : parts) {
        if (after.size() == columns.size()) {
            return std::nullopt;
        }
        auto value = read_part(table.columns[columns[after.size()]], part);
        if (!value) {
            return std::nullopt;
        }
        after.push_back(*std::move(value));
    }
    return after.size() == columns.size() ? std::optional(after) : std::nullopt;
}

}  // namespace muster
