// The data sets as declared in muster.toml (catalog.md). A Catalog is complete and consistent: it
// only comes out of load_catalog, which reports every error at once. Immutable, safe to share.
#pragma once

#include "core/ids.h"
#include "core/result.h"
#include "scheduler/schedule.h"
#include "types/type.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct Column {
    std::string name;
    ColumnType type;
    bool nullable = false;
    bool keep_empty = false;                // strings: an empty value stays empty instead of NULL
    std::optional<Value> min;               // inclusive, of the column's type
    std::optional<Value> max;               // inclusive
    std::optional<std::size_t> min_length;  // code points, strings only
    std::optional<std::size_t> max_length;
    std::string pattern;               // RE2, whole match; "" = none
    std::vector<Value> one_of;         // empty = any
    std::vector<std::string> formats;  // timestamps only, strptime letters
    std::string description;
};

enum class DuplicatePolicy { kLast, kFirst, kReject };
enum class HeaderMode { kAbsent, kPresent, kAuto };

struct Reference {
    std::string column;
    TableName table;  // its key has exactly one column, of the same type
};

struct RowCheck {
    std::string name;
    std::string sql;
};

struct RejectLimit {
    std::optional<std::int64_t> rows;
    std::optional<double> percent;  // of the records read
};

struct Table {
    TableName name;
    std::string path;   // REST path, without '/'
    std::string files;  // glob under the source
    std::string description;
    std::vector<Column> columns;
    std::vector<std::string> key;
    DuplicatePolicy on_duplicate_key = DuplicatePolicy::kLast;
    std::vector<Reference> references;
    std::vector<RowCheck> checks;
    RejectLimit reject_limit;
    bool api_allow_null = false;

    // File options.
    HeaderMode header = HeaderMode::kAbsent;
    char delimiter = ',';
    char quote = '"';  // '\0' = quoting is off
    bool trim = true;
    std::vector<std::string> null_values;
    std::size_t max_record_bytes = 1U << 20;

    const Column* find_column(std::string_view column_name) const;
    std::size_t column_index(std::string_view column_name) const;  // Requires: it exists.
    bool is_key(std::string_view column_name) const;
};

struct ReportParam {
    std::string name;
    ColumnType type;
    std::optional<Value> default_value;
    std::optional<Value> min;
    std::optional<Value> max;
};

struct ReportColumn {
    std::string name;
    ColumnType type;
};

struct ReportAlias {
    std::string path;
    std::map<std::string, Value> params;
};

struct ReportChart {
    std::string kind;
    std::string x;
    std::vector<std::string> series;
};

struct Report {
    ReportName name;
    std::string title;
    std::string sql_path;  // as written in the catalog
    std::string sql;       // the text of the file; parameters are $name
    std::vector<ReportParam> params;
    std::vector<ReportColumn> columns;
    std::vector<ReportAlias> aliases;
    std::optional<ReportChart> chart;
};

struct Retention {
    int runs_days = 90;
    int rejects_days = 365;
    int clean_runs = 3;  // how many loads of an object keep their clean objects
};

// What a scheduled backup leaves (expire_backups in backup/backup.h); 0 = no such rule.
struct BackupRetention {
    int keep = 0;
    int older_than_days = 0;
};

// The REST API (`muster serve`).
struct Api {
    std::string listen = "127.0.0.1:8080";
    std::string registration = "loopback";  // loopback | open | closed
    std::string registered_role = "writer";
    int access_token_minutes = 60;
    int requests_per_minute = 60'000;  // of one caller; 0 = no limit
    int audit_days = 365;
    int staleness_seconds = 5;  // of a cached report, when another process loads
};

// How S3 is reached, for every s3:// URL of the catalog. "": from the environment and the shared
// configuration files of AWS.
struct S3Settings {
    std::string region;
    std::string endpoint;
    std::optional<bool> path_style;
    std::string sse;  // "" | AES256 | aws:kms
    std::string kms_key;
    std::string profile;
};

struct Catalog {
    std::string name;
    std::string data_dir;    // resolved against the file's folder
    std::string source_url;  // likewise, if it is a path
    std::string clean_url;
    std::string backups_url;
    std::string warehouse_url;  // "duckdb:<path>"
    std::string copy_role;      // that Redshift assumes to reach S3: "default", or an ARN
    std::string state_url;      // users and tokens, where the warehouse keeps none; "" = nowhere
    S3Settings s3;
    Retention retention;
    BackupRetention backup_retention;
    Api api;
    std::vector<NamedSchedule> schedules;  // what `muster serve` does by itself
    std::vector<Table> tables;             // in the order of the file
    std::vector<Report> reports;           // in the order of the file
    std::string origin;                    // path of the file, or "(built in)"

    const Table* find_table(std::string_view table_name) const;
    const Report* find_report(std::string_view report_name) const;
    std::vector<std::string> table_names() const;
    std::vector<std::string> report_names() const;

    // The tables so that every referenced one comes before those that refer to it.
    std::vector<const Table*> load_order() const;
    // A hash of everything that changes what a process does: 32 hexadecimal digits.
    std::string fingerprint() const;
};

// A hash of columns, types and key: changes when the stored table must change. 32 hex digits.
std::string schema_fingerprint(const Table& table);
// A hash of what decides which records pass and how they read. 32 hex digits.
std::string rule_fingerprint(const Table& table);

struct CatalogProblem {
    std::string file;
    std::size_t line = 0;    // 1-based
    std::size_t column = 0;  // 1-based
    std::string message;     // says what to do, with "did you mean" where one is near
};

struct CatalogLoad {
    std::optional<Catalog> catalog;        // absent if there are problems
    std::vector<CatalogProblem> problems;  // in the order of file, line, column
};

// Reads an environment variable; nothing if it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string&)>;

// Options of the command line that replace values of the file (already absolute where paths).
struct CatalogOverrides {
    std::optional<std::string> data_dir;
    std::optional<std::string> source_url;
    std::optional<std::string> warehouse_url;
};

// Reads and checks a catalog file and the report SQL files beside it.
CatalogLoad load_catalog(const std::filesystem::path& file,
                         const EnvironmentLookup& environment,
                         const CatalogOverrides& overrides = {});

// The hiring catalog embedded in the program; paths are relative to `base`.
CatalogLoad load_builtin_catalog(const std::filesystem::path& base,
                                 const EnvironmentLookup& environment,
                                 const CatalogOverrides& overrides = {});

// The embedded files (path relative to the catalog's folder -> content), for `muster init`.
const std::vector<std::pair<std::string, std::string_view>>& builtin_catalog_files();

// All problems as one usage error, a line each: file:line:column: message.
Error problems_error(const std::vector<CatalogProblem>& problems);

}  // namespace muster
