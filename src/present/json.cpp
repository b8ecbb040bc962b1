#include "present/json.h"

#include "core/clock.h"
#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace muster {

std::string json_value(const ColumnType& type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return "null";
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
            return value_text(type, value);
        case TypeKind::kBool:
            return std::get<bool>(value) ? "true" : "false";
        case TypeKind::kDouble: {
            const double number = std::get<double>(value);
            return std::isfinite(number) ? fmt::format("{}", number) : "null";
        }
        case TypeKind::kString:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return json_quote(value_text(type, value));
    }
    return "null";
}

std::string json_seconds(double seconds) { return fmt::format("{:.3f}", std::max(0.0, seconds)); }

namespace {

void append_text(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    append_json_quoted(out, value);
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    if (value.empty()) {
        out += "null";
    } else {
        append_json_quoted(out, value);
    }
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
    const fmt::format_int digits(value);
    out += name;
    out.append(digits.data(), digits.size());
}

}  // namespace

void append_reject_json(std::string& out, const RejectEntry& reject) {
    append_text_or_null(out, R"({"type":"reject","id":)", reject.id.str());
    append_text_or_null(out, R"(,"run_id":)", reject.run_id);
    append_text(out, R"(,"table":)", reject.table);
    append_text(out, R"(,"object":)", reject.object);
    if (reject.line == 0) {  // a row of a request
        append_text(out, R"(,"pointer":)", reject.pointer);
        out += R"(,"line":null,"offset":null)";
    } else {
        append_number(out, R"(,"line":)", reject.line);
        append_number(out, R"(,"offset":)", reject.offset);
    }
    append_number(out, R"(,"length":)", reject.length);
    if (valid_utf8(reject.raw)) {
        append_text(out, R"(,"raw":)", reject.raw);
    } else {
        append_text(out, R"(,"raw_base64":)", base64_encode(reject.raw));
    }
    append_text(out, R"(,"severity":)", reject.severity);
    append_text(out, R"(,"state":)", reject.state);
    out += R"(,"reasons":[)";
    for (const ReasonText& reason : reject.reasons) {
        append_text(
            out, &reason == reject.reasons.data() ? R"({"code":)" : R"(,{"code":)", reason.code);
        append_text_or_null(out, R"(,"column":)", reason.column);
        append_text(out, R"(,"value":)", reason.value);
        append_text(out, R"(,"message":)", reason.message);
        out += '}';
    }
    out += "]}";
}

std::string reject_json(const RejectEntry& reject) {
    std::string out;
    append_reject_json(out, reject);
    return out;
}

std::string error_json(const Error& error) {
    return JsonObject{}
        .text("type", "error")
        .text("code", error_code_name(error.code))
        .text("message", error.message)
        .text("hint", error.hint)
        .str();
}

std::string object_error_json(std::string_view code,
                              std::string_view table,
                              std::string_view object,
                              std::string_view message) {
    return JsonObject{}
        .text("type", "error")
        .text("code", code)
        .text("table", table)
        .text("object", object)
        .text("message", message)
        .text("hint", "")
        .str();
}

namespace {

void add_counts(JsonObject& out, const LoadCounts& counts) {
    out.number("read", counts.read)
        .number("inserted", counts.inserted)
        .number("updated", counts.updated)
        .number("unchanged", counts.unchanged)
        .number("deduplicated", counts.deduplicated)
        .number("rejected", counts.rejected)
        .number("blank_lines", counts.blank_lines);
}

}  // namespace

std::string table_outcome_json(const TableOutcome& table, bool with_objects) {
    const auto files = [&table](std::string_view status) {
        return std::count_if(
            table.objects.begin(), table.objects.end(), [status](const ObjectOutcome& object) {
                return object.status == status;
            });
    };
    JsonObject out;
    out.text("table", table.table);
    if (with_objects) {
        out.text("status", table.status).text_or_null("error", table.error);
    }
    add_counts(out, table.counts);
    out.number("files_loaded", files("loaded"))
        .number("files_skipped", files("skipped"))
        .number("files_failed", files("failed"))
        .number("bytes", table.bytes)
        .raw("seconds", json_seconds(table.seconds));
    if (with_objects) {
        JsonArray objects;
        for (const ObjectOutcome& object : table.objects) {
            JsonObject one;
            one.text("object", object.object)
                .text("status", object.status)
                .text_or_null("error", object.error);
            add_counts(one, object.counts);
            objects.raw(one.number("bytes", object.bytes).str());
        }
        out.raw("objects", objects.str());
    }
    return out.str();
}

std::map<std::string, std::uint64_t> record_codes(const std::vector<TableOutcome>& tables) {
    std::map<std::string, std::uint64_t> codes;
    for (const TableOutcome& table : tables) {
        for (const auto& [code, count] : table.rejects_by_code) {
            if (!code.starts_with("file.")) {
                codes[code] += count;
            }
        }
    }
    return codes;
}

std::string rejects_by_code_json(const std::vector<TableOutcome>& tables) {
    JsonObject out;
    for (const auto& [code, count] : record_codes(tables)) {
        out.number(code, count);
    }
    return out.str();
}

std::string summary_json(const RunRecord& run, double seconds, const std::string& more) {
    JsonArray tables;
    for (const TableOutcome& table : run.tables) {
        tables.raw(table_outcome_json(table));
    }
    std::string text = JsonObject{}
                           .text("type", "summary")
                           .text_or_null("run_id", run.run_id)
                           .text("status", run.status)
                           .raw("seconds", json_seconds(seconds))
                           .raw("tables", tables.str())
                           .raw("rejects_by_code", rejects_by_code_json(run.tables))
                           .str();
    if (!more.empty()) {
        text.insert(text.size() - 1, "," + more);
    }
    return text;
}

double run_seconds(const RunRecord& run) {
    return run.finished_at_us == 0
               ? 0
               : static_cast<double>(run.finished_at_us - run.started_at_us) * 1e-6;
}

std::string run_json(const RunRecord& run, bool with_objects) {
    JsonArray tables;
    for (const TableOutcome& table : run.tables) {
        tables.raw(table_outcome_json(table, with_objects));
    }
    return JsonObject{}
        .text("run_id", run.run_id)
        .text("status", run.status)
        .text("kind", run.kind)
        .text_or_null("backup", run.backup)
        .text("trigger", run.trigger)
        .text_or_null("error", run.error)
        .text("started_at", format_timestamp_us(run.started_at_us))
        .text_or_null("finished_at",
                      run.finished_at_us == 0 ? "" : format_timestamp_us(run.finished_at_us))
        .raw("seconds", run.finished_at_us == 0 ? "null" : json_seconds(run_seconds(run)))
        .raw("tables", tables.str())
        .raw("rejects_by_code", rejects_by_code_json(run.tables))
        .str();
}

}  // namespace muster
