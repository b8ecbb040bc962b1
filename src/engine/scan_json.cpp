// The JSON of reasons and scan reports. Written by hand with json_quote, read with simdjson.
#include "core/text.h"
#include "engine/scan_object.h"

#include <simdjson.h>

#include <string>

namespace muster {

namespace {

namespace dom = simdjson::dom;

std::string text_of(const dom::object& object, std::string_view key) {
    std::string_view value;
    if (object.at_key(key).get_string().get(value) != simdjson::SUCCESS) {
        return "";
    }
    return std::string(value);
}

std::uint64_t number_of(const dom::object& object, std::string_view key) {
    std::uint64_t value = 0;
    return object.at_key(key).get_uint64().get(value) == simdjson::SUCCESS ? value : 0;
}

Error unreadable(const char* what) {
    return Error{
        ErrorCode::kVerification, std::string("a stored ") + what + " is not readable", "", ""};
}

std::vector<ReasonText> reasons_of(const dom::array& array) {
    std::vector<ReasonText> reasons;
    for (const dom::element element : array) {
        dom::object object;
        if (element.get_object().get(object) == simdjson::SUCCESS) {
            reasons.push_back({text_of(object, "code"),
                               text_of(object, "column"),
                               text_of(object, "value"),
                               text_of(object, "message")});
        }
    }
    return reasons;
}

std::string pair(const char* key, std::uint64_t value) {
    return json_quote(key) + ":" + std::to_string(value) + ",";
}

std::string pair(const char* key, const std::string& value) {
    return json_quote(key) + ":" + json_quote(value) + ",";
}

// Raw bytes may be no UTF-8: kept as base64.
std::string example_json(const RejectEntry& entry) {
    return "{" + pair("id", entry.id.str()) + pair("line", entry.line) +
           pair("offset", entry.offset) + pair("length", entry.length) +
           pair("raw_base64", base64_encode(entry.raw)) + pair("severity", entry.severity) +
           "\"reasons\":" + reasons_json(entry.reasons) + "}";
}

std::string base64_decode(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (const char c : text) {
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) {
            break;
        }
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
        }
    }
    return out;
}

RejectEntry example_of(const dom::object& object, const ScanReport& report) {
    RejectEntry entry;
    entry.id = RejectId(text_of(object, "id"));
    entry.table = report.table;
    entry.object = report.object;
    entry.line = number_of(object, "line");
    entry.offset = number_of(object, "offset");
    entry.length = number_of(object, "length");
    entry.raw = base64_decode(text_of(object, "raw_base64"));
    entry.severity = text_of(object, "severity");
    dom::array reasons;
    if (object.at_key("reasons").get_array().get(reasons) == simdjson::SUCCESS) {
        entry.reasons = reasons_of(reasons);
    }
    return entry;
}

void read_lists(const dom::object& root, ScanReport& report) {
    dom::object codes;
    if (root.at_key("rejects_by_code").get_object().get(codes) == simdjson::SUCCESS) {
        for (const auto field : codes) {
            report.rejects_by_code[std::string(field.key)] = number_of(codes, field.key);
        }
    }
    dom::array examples;
    if (root.at_key("examples").get_array().get(examples) == simdjson::SUCCESS) {
        for (const dom::element element : examples) {
            dom::object object;
            if (element.get_object().get(object) == simdjson::SUCCESS) {
                report.examples.push_back(example_of(object, report));
            }
        }
    }
    dom::array parts;
    if (root.at_key("part_keys").get_array().get(parts) == simdjson::SUCCESS) {
        for (const dom::element element : parts) {
            std::string_view key;
            if (element.get_string().get(key) == simdjson::SUCCESS) {
                report.part_keys.emplace_back(key);
            }
        }
    }
}

}  // namespace

std::string reasons_json(const std::vector<ReasonText>& reasons) {
    std::string out = "[";
    for (const ReasonText& reason : reasons) {
        out += out.size() > 1 ? ",{" : "{";
        out += pair("code", reason.code);
        out += "\"column\":" + (reason.column.empty() ? "null" : json_quote(reason.column)) + ",";
        out += pair("value", reason.value);
        out += "\"message\":" + json_quote(reason.message) + "}";
    }
    return out + "]";
}

Result<std::vector<ReasonText>> parse_reasons_json(std::string_view json) {
    dom::parser parser;
    dom::array array;
    if (parser.parse(json.data(), json.size()).get_array().get(array) != simdjson::SUCCESS) {
        return unreadable("list of reasons");
    }
    return reasons_of(array);
}

std::string scan_report_json(const ScanReport& report) {
    std::string out =
        "{" + pair("table", report.table) + pair("object", report.object) +
        pair("ordinal", report.ordinal) + pair("read", report.read) + pair("clean", report.clean) +
        pair("rejected", report.rejected) + pair("blank_lines", report.blank_lines) +
        pair("object_bytes", report.object_bytes) + pair("content_hash", report.content_hash) +
        pair("first_key", report.first_key) + pair("last_key", report.last_key) +
        pair("rejects_key", report.rejects_key);
    out += std::string("\"keys_rising\":") + (report.keys_rising ? "true" : "false") + ",";
    out += "\"problem_code\":" +
           (report.problem_code ? json_quote(*report.problem_code) : std::string("null")) + ",";
    out += pair("problem_message", report.problem_message);
    out += "\"rejects_by_code\":{";
    for (const char* comma = ""; const auto& [code, count] : report.rejects_by_code) {
        out += comma + json_quote(code) + ":" + std::to_string(count);
        comma = ",";
    }
    out += "},\"examples\":[";
    for (const char* comma = ""; const RejectEntry& entry : report.examples) {
        out += comma + example_json(entry);
        comma = ",";
    }
    out += "],\"part_keys\":[";
    for (const char* comma = ""; const std::string& key : report.part_keys) {
        out += comma + json_quote(key);
        comma = ",";
    }
    return out + "]}\n";
}

Result<ScanReport> parse_scan_report(std::string_view json) {
    dom::parser parser;
    dom::object root;
    if (parser.parse(json.data(), json.size()).get_object().get(root) != simdjson::SUCCESS) {
        return unreadable("scan report");
    }
    ScanReport report;
    report.table = text_of(root, "table");
    report.object = text_of(root, "object");
    report.ordinal = number_of(root, "ordinal");
    report.read = number_of(root, "read");
    report.clean = number_of(root, "clean");
    report.rejected = number_of(root, "rejected");
    report.blank_lines = number_of(root, "blank_lines");
    report.object_bytes = number_of(root, "object_bytes");
    report.content_hash = text_of(root, "content_hash");
    report.first_key = text_of(root, "first_key");
    report.last_key = text_of(root, "last_key");
    report.rejects_key = text_of(root, "rejects_key");
    bool rising = false;
    report.keys_rising =
        root.at_key("keys_rising").get_bool().get(rising) == simdjson::SUCCESS && rising;
    std::string_view problem;
    if (root.at_key("problem_code").get_string().get(problem) == simdjson::SUCCESS) {
        report.problem_code = std::string(problem);
    }
    report.problem_message = text_of(root, "problem_message");
    read_lists(root, report);
    return report;
}

}  // namespace muster
