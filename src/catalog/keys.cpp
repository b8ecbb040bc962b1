#include "catalog/detail/keys.h"

#include <vector>

namespace muster {
namespace {

constexpr std::int64_t kDaysMax = 36500;

constexpr SectionSpec kSections[] = {
    {"", "the catalog", "The sections of the file."},
    {"muster", "[muster]", "The catalog as a whole."},
    {"source", "[source]", "Where the CSV objects are."},
    {"clean", "[clean]", "Where the clean objects of a load go."},
    {"backups", "[backups]", "Where backups go."},
    {"warehouse", "[warehouse]", "Where the tables are."},
    {"retention", "[retention]", "How long things are kept."},
    {"table", "[[table]]", "One data set: its files, its columns and its rules."},
    {"table.column",
     "[[table.column]]",
     "One column of the table above it, in the order of the file's fields."},
    {"table.references",
     "references of [[table]]",
     "A column whose values must be keys of another table. NULL passes."},
    {"table.check",
     "check of [[table]]",
     "A row check: an SQL expression over the columns, evaluated if every value of the row "
     "decoded. NULL passes."},
    {"table.reject_limit",
     "reject_limit of [[table]]",
     "How many refused records a load of this table bears; beyond it the table is left untouched. "
     "Without it, whatever passes is loaded."},
    {"table.api", "api of [[table]]", "The table in the REST API."},
    {"report",
     "[[report]]",
     "A query with a name: one SQL file, served by the command line and the REST API."},
    {"report.params",
     "params of [[report]]",
     "A parameter; the SQL names it with a dollar sign, such as $year."},
    {"report.columns",
     "columns of [[report]]",
     "A column of the result, in order. Results are cast to its type."},
    {"report.aliases",
     "aliases of [[report]]",
     "A further REST path of the report, with fixed parameters."},
    {"report.chart", "chart of [[report]]", "How the dashboard draws the report."},
};

constexpr KeySpec kKeys[] = {
    {"", "muster", Shape::kTable, true, "", "[muster]", "The catalog as a whole."},
    {"", "source", Shape::kTable, false, "", "[source]", "Where the CSV objects are."},
    {"", "clean", Shape::kTable, false, "", "[clean]", "Where clean objects go."},
    {"", "backups", Shape::kTable, false, "", "[backups]", "Where backups go."},
    {"", "warehouse", Shape::kTable, false, "", "[warehouse]", "Where the tables are."},
    {"", "retention", Shape::kTable, false, "", "[retention]", "How long things are kept."},
    {"", "table", Shape::kTables, true, "", "[[table]]", "One section for each data set."},
    {"", "report", Shape::kTables, false, "", "[[report]]", "One section for each report."},

    {"muster",
     "name",
     Shape::kString,
     true,
     "",
     "name = \"hiring\"",
     "The name of the catalog: lower-case letters, digits and `_`."},
    {"muster",
     "data_dir",
     Shape::kString,
     false,
     "\"muster-data\"",
     "data_dir = \"/var/lib/muster\"",
     "The folder of the database and the control socket."},
    {"source",
     "url",
     Shape::kString,
     false,
     "\"data\"",
     "url = \"s3://bucket/incoming/\"",
     "A folder, or an object store's URL."},
    {"clean",
     "url",
     Shape::kString,
     false,
     "<data_dir>/clean",
     "url = \"clean\"",
     "A folder, or an object store's URL."},
    {"backups",
     "url",
     Shape::kString,
     false,
     "<data_dir>/backups",
     "url = \"/mnt/backups\"",
     "A folder, or an object store's URL."},
    {"warehouse",
     "url",
     Shape::kString,
     false,
     "duckdb:<data_dir>/muster.duckdb",
     "url = \"duckdb:hiring.duckdb\"",
     "`duckdb:` and the path of the database file, or a server's URL."},
    {"retention",
     "runs_days",
     Shape::kInteger,
     false,
     "90",
     "runs_days = 30",
     "How many days runs stay in the ledger.",
     "",
     1,
     kDaysMax},
    {"retention",
     "rejects_days",
     Shape::kInteger,
     false,
     "365",
     "rejects_days = 90",
     "How many days refused records are kept.",
     "",
     1,
     kDaysMax},
    {"retention",
     "clean_runs",
     Shape::kInteger,
     false,
     "3",
     "clean_runs = 1",
     "How many loads of an object keep their clean objects.",
     "",
     1,
     1000},
};

}  // namespace

std::span<const KeySpec> key_specs() {
    static const std::vector<KeySpec> specs = [] {
        std::vector<KeySpec> all{std::begin(kKeys), std::end(kKeys)};
        for (const auto part : {table_key_specs(), report_key_specs()}) {
            all.insert(all.end(), part.begin(), part.end());
        }
        return all;
    }();
    return specs;
}

std::span<const SectionSpec> section_specs() { return kSections; }

}  // namespace muster
