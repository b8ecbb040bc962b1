// Fingerprints are XXH3-128 over a canonical text. Every part is written with its length, so that
// two different catalogs never give the same text; the first part names what is hashed and how.
#include "catalog/catalog.h"
#include "core/text.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <array>
#include <span>
#include <utility>

namespace muster {
namespace {

class CanonicalText {
  public:
    explicit CanonicalText(std::string_view kind) { add(kind); }

    void add(std::string_view part) { text_ += fmt::format("{}:{},", part.size(), part); }
    void add(const std::vector<std::string>& parts) {
        add(parts.size());
        for (const std::string& part : parts) {
            add(part);
        }
    }
    void add(std::size_t number) { add(std::string_view{std::to_string(number)}); }
    void add_flag(bool flag) { add(std::string_view{flag ? "1" : "0"}); }
    void add_value(const ColumnType& type, const Value& value) { add(value_text(type, value)); }
    void add_optional(const ColumnType& type, const std::optional<Value>& value) {
        add_flag(value.has_value());
        if (value) {
            add_value(type, *value);
        }
    }
    void add_optional(const std::optional<std::size_t>& number) {
        add_flag(number.has_value());
        add(number.value_or(0));
    }

    std::string hash() const {
        XXH128_canonical_t canonical;
        XXH128_canonicalFromHash(&canonical, XXH3_128bits(text_.data(), text_.size()));
        return hex(std::span{canonical.digest});
    }

  private:
    std::string text_;
};

void add_rules(CanonicalText& text, const Column& column) {
    text.add(column.name);
    text.add(type_text(column.type));
    text.add_flag(column.nullable);
    text.add_flag(column.keep_empty);
    text.add_optional(column.type, column.min);
    text.add_optional(column.type, column.max);
    text.add_optional(column.min_length);
    text.add_optional(column.max_length);
    text.add(column.pattern);
    text.add(column.one_of.size());
    for (const Value& value : column.one_of) {
        text.add_value(column.type, value);
    }
    text.add(column.formats);
}

void add_report(CanonicalText& text, const Report& report) {
    text.add(report.name.str());
    text.add(report.title);
    text.add(report.sql);
    text.add(report.params.size());
    for (const ReportParam& param : report.params) {
        text.add(param.name);
        text.add(type_text(param.type));
        text.add_optional(param.type, param.default_value);
        text.add_optional(param.type, param.min);
        text.add_optional(param.type, param.max);
    }
    text.add(report.columns.size());
    for (const ReportColumn& column : report.columns) {
        text.add(column.name);
        text.add(type_text(column.type));
    }
    text.add(report.aliases.size());
    for (const ReportAlias& alias : report.aliases) {
        text.add(alias.path);
        text.add(alias.params.size());
        for (const ReportParam& param : report.params) {
            const auto value = alias.params.find(param.name);
            text.add_flag(value != alias.params.end());
            text.add_value(param.type, value != alias.params.end() ? value->second : Value{});
        }
    }
    text.add_flag(report.chart.has_value());
    if (report.chart) {
        text.add(report.chart->kind);
        text.add(report.chart->x);
        text.add(report.chart->series);
    }
}

// Settings that came later, nothing of those that are not set: catalogs without them keep their
// fingerprint.
void add_later_settings(CanonicalText& text, const Catalog& catalog) {
    const S3Settings& s3 = catalog.s3;
    const std::string style = !s3.path_style ? "" : *s3.path_style ? "path" : "host";
    const bool role_is_default = catalog.copy_role == "default";
    const std::array<std::pair<const char*, std::string>, 8> settings = {{
        {"warehouse.iam_role", role_is_default ? "" : catalog.copy_role},
        {"state.url", catalog.state_url},
        {"s3.region", s3.region},
        {"s3.endpoint", s3.endpoint},
        {"s3.path_style", style},
        {"s3.sse", s3.sse},
        {"s3.kms_key", s3.kms_key},
        {"s3.profile", s3.profile},
    }};
    for (const auto& [name, value] : settings) {
        if (!value.empty()) {
            text.add(name);
            text.add(value);
        }
    }
}

}  // namespace

std::string schema_fingerprint(const Table& table) {
    CanonicalText text{"muster.schema.1"};
    text.add(table.columns.size());
    for (const Column& column : table.columns) {
        text.add(column.name);
        text.add(type_text(column.type));
    }
    text.add(table.key);
    return text.hash();
}

std::string rule_fingerprint(const Table& table) {
    CanonicalText text{"muster.rules.1"};
    text.add(table.columns.size());
    for (const Column& column : table.columns) {
        add_rules(text, column);
    }
    text.add(table.key);
    text.add(static_cast<std::size_t>(table.on_duplicate_key));
    text.add(table.references.size());
    for (const Reference& reference : table.references) {
        text.add(reference.column);
        text.add(reference.table.str());
    }
    text.add(table.checks.size());
    for (const RowCheck& check : table.checks) {
        text.add(check.name);
        text.add(check.sql);
    }
    text.add(static_cast<std::size_t>(table.header));
    text.add(std::string_view{&table.delimiter, 1});
    text.add(std::string_view{&table.quote, 1});
    text.add_flag(table.trim);
    text.add(table.null_values);
    text.add(table.max_record_bytes);
    return text.hash();
}

std::string Catalog::fingerprint() const {
    CanonicalText text{"muster.catalog.1"};
    for (const std::string* part :
         {&name, &data_dir, &source_url, &clean_url, &backups_url, &warehouse_url}) {
        text.add(*part);
    }
    add_later_settings(text, *this);
    text.add(static_cast<std::size_t>(retention.runs_days));
    text.add(static_cast<std::size_t>(retention.rejects_days));
    text.add(static_cast<std::size_t>(retention.clean_runs));
    text.add(tables.size());
    for (const Table& table : tables) {
        text.add(table.name.str());
        text.add(table.path);
        text.add(table.files);
        text.add(table.description);
        text.add(rule_fingerprint(table));
        for (const Column& column : table.columns) {
            text.add(column.description);
        }
        const RejectLimit& limit = table.reject_limit;
        text.add(limit.rows ? std::to_string(*limit.rows) : std::string{"none"});
        text.add(limit.percent ? fmt::format("{}", *limit.percent) : std::string{"none"});
        text.add_flag(table.api_allow_null);
    }
    text.add(reports.size());
    for (const Report& report : reports) {
        add_report(text, report);
    }
    return text.hash();
}

}  // namespace muster
