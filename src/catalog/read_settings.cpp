#include "catalog/detail/readers.h"

#include <fmt/core.h>

#include <filesystem>

namespace muster {
namespace {

constexpr std::string_view kDuckdbPrefix = "duckdb:";
constexpr std::string_view kMemoryDatabase = ":memory:";

bool has_scheme(std::string_view url) { return url.find("://") != std::string_view::npos; }

std::string resolve_path(const std::filesystem::path& base, const std::string& path) {
    std::string text = (base / path).lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') {
        text.pop_back();
    }
    return text;
}

std::string resolve_url(const std::filesystem::path& base, const std::string& url) {
    return has_scheme(url) ? url : resolve_path(base, url);
}

// The text of a key in a section of the top level; `fallback` if it is not there.
std::string setting(const Node& document,
                    std::string_view section_name,
                    std::string_view key,
                    const std::string& fallback,
                    Problems& problems) {
    const Node* section = document.find(section_name);
    const Node* node = section != nullptr ? section->find(key) : nullptr;
    if (node == nullptr) {
        return fallback;
    }
    if (node->text.empty()) {
        problems.add(
            node->place,
            fmt::format(
                "'{}' of [{}] is empty; give a value or remove the key", key, section_name));
    }
    return node->text;
}

std::string read_warehouse_url(const Node& document,
                               const std::filesystem::path& base,
                               const std::string& fallback,
                               Problems& problems) {
    std::string url = setting(document, "warehouse", "url", fallback, problems);
    if (url.starts_with(kDuckdbPrefix)) {
        const std::string path = url.substr(kDuckdbPrefix.size());
        if (path.empty()) {
            problems.add(place_of_key(*document.find("warehouse"), "url"),
                         "'duckdb:' needs a path behind it, such as \"duckdb:muster.duckdb\"");
        }
        return path == kMemoryDatabase ? url
                                       : std::string{kDuckdbPrefix} + resolve_path(base, path);
    }
    if (!url.empty() && !has_scheme(url)) {
        problems.add(place_of_key(*document.find("warehouse"), "url"),
                     fmt::format("'url' of [warehouse] is '{0}'; for a database file write "
                                 "\"duckdb:{0}\"",
                                 url));
    }
    return url;
}

void read_number(const Node& section, std::string_view key, int& out) {
    if (const Node* node = section.find(key)) {
        out = static_cast<int>(node->integer);
    }
}

void read_api(const Node& section, Api& api) {
    api.listen = text_or(section, "listen", api.listen);
    api.registration = text_or(section, "registration", api.registration);
    api.registered_role = text_or(section, "registered_role", api.registered_role);
    read_number(section, "access_token_minutes", api.access_token_minutes);
    read_number(section, "requests_per_minute", api.requests_per_minute);
    read_number(section, "audit_days", api.audit_days);
    read_number(section, "staleness", api.staleness_seconds);
}

void read_s3(const Node& document, S3Settings& s3, Problems& problems) {
    const Node* section = document.find("s3");
    if (section == nullptr) {
        return;
    }
    s3.region = setting(document, "s3", "region", "", problems);
    s3.endpoint = setting(document, "s3", "endpoint", "", problems);
    s3.sse = setting(document, "s3", "sse", "", problems);
    s3.kms_key = setting(document, "s3", "kms_key", "", problems);
    s3.profile = setting(document, "s3", "profile", "", problems);
    if (const Node* node = section->find("path_style")) {
        s3.path_style = node->boolean;
    }
    if (!s3.endpoint.empty() && !s3.endpoint.starts_with("http://") &&
        !s3.endpoint.starts_with("https://")) {
        problems.add(place_of_key(*section, "endpoint"),
                     fmt::format("'endpoint' of [s3] is '{}'; write https://HOST or "
                                 "http://HOST:PORT",
                                 s3.endpoint));
    }
    if (!s3.kms_key.empty() && s3.sse != "aws:kms") {
        problems.add(place_of_key(*section, "kms_key"),
                     "'kms_key' of [s3] needs sse = \"aws:kms\"");
    }
}

void read_state(const Node& document, Catalog& catalog, Problems& problems) {
    catalog.state_url = setting(document, "state", "url", "", problems);
    const std::string& url = catalog.state_url;
    if (!url.empty() && !url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
        problems.add(place_of_key(*document.find("state"), "url"),
                     "'url' of [state] must be postgresql://user@host/database");
    }
}

}  // namespace

void read_settings(const Node& document,
                   const std::filesystem::path& base,
                   const CatalogOverrides& overrides,
                   Catalog& catalog,
                   Problems& problems) {
    if (const Node* section = document.find("muster")) {
        catalog.name = read_name(*section, "catalog", problems);
    }
    const std::string data_dir = setting(document, "muster", "data_dir", "muster-data", problems);
    catalog.data_dir = resolve_path(base, overrides.data_dir.value_or(data_dir));
    const std::filesystem::path data_path{catalog.data_dir};

    const std::string source = setting(document, "source", "url", "data", problems);
    catalog.source_url = resolve_url(base, overrides.source_url.value_or(source));
    const std::string clean =
        setting(document, "clean", "url", (data_path / "clean").string(), problems);
    catalog.clean_url = resolve_url(base, clean);
    const std::string backups =
        setting(document, "backups", "url", (data_path / "backups").string(), problems);
    catalog.backups_url = resolve_url(base, backups);
    const std::string database =
        std::string{kDuckdbPrefix} + (data_path / "muster.duckdb").string();
    const std::string warehouse = read_warehouse_url(document, base, database, problems);
    catalog.warehouse_url = overrides.warehouse_url.value_or(warehouse);
    catalog.copy_role = setting(document, "warehouse", "iam_role", "default", problems);
    read_state(document, catalog, problems);

    if (const Node* section = document.find("retention")) {
        read_number(*section, "runs_days", catalog.retention.runs_days);
        read_number(*section, "rejects_days", catalog.retention.rejects_days);
        read_number(*section, "clean_runs", catalog.retention.clean_runs);
    }
    if (const Node* section = document.find("backups")) {
        read_number(*section, "keep", catalog.backup_retention.keep);
        read_number(*section, "older_than_days", catalog.backup_retention.older_than_days);
    }
    if (const Node* section = document.find("api")) {
        read_api(*section, catalog.api);
    }
    read_s3(document, catalog.s3, problems);
    read_schedule(document, "schedule", "run", "run", catalog, problems);
    read_schedule(document, "backups", "schedule", "backup", catalog, problems);
}

}  // namespace muster
