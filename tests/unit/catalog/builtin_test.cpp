// The hiring catalog that is built into the program.
#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace muster {
namespace {

std::optional<std::string> no_environment(const std::string&) { return std::nullopt; }

CatalogLoad builtin() { return load_builtin_catalog("/base", no_environment); }

TEST(BuiltinCatalog, IsTheOneInTheRepository) {
    const std::filesystem::path folder =
        std::filesystem::path{MUSTER_SOURCE_DIR} / "catalogs/hiring";
    std::size_t files = 0;
    for (std::filesystem::recursive_directory_iterator entry{folder}, end; entry != end; ++entry) {
        if (entry->path().filename() == "muster-data") {  // of a run with this catalog
            entry.disable_recursion_pending();
        }
        files += entry->is_regular_file() ? 1U : 0U;
    }
    EXPECT_EQ(builtin_catalog_files().size(), files);
    for (const auto& [path, content] : builtin_catalog_files()) {
        std::ifstream file{folder / path, std::ios::binary};
        std::stringstream text;
        text << file.rdbuf();
        EXPECT_EQ(content, text.str()) << path;
    }
}

TEST(BuiltinCatalog, LoadsWithPathsBelowTheBase) {
    const CatalogLoad load = builtin();
    ASSERT_TRUE(load.catalog.has_value()) << problems_error(load.problems).message;
    EXPECT_EQ(load.catalog->name, "hiring");
    EXPECT_EQ(load.catalog->origin, "(built in)");
    EXPECT_EQ(load.catalog->data_dir, "/base/muster-data");
    EXPECT_EQ(load.catalog->source_url, "/base/data");
    EXPECT_EQ(load.catalog->clean_url, "/base/muster-data/clean");
    EXPECT_EQ(load.catalog->backups_url, "/base/muster-data/backups");
    EXPECT_EQ(load.catalog->warehouse_url, "duckdb:/base/muster-data/muster.duckdb");
}

TEST(BuiltinCatalog, Tables) {
    const CatalogLoad load = builtin();
    ASSERT_TRUE(load.catalog.has_value());
    EXPECT_EQ(load.catalog->table_names(),
              (std::vector<std::string>{"departments", "jobs", "hired_employees"}));
    const Table& hired = *load.catalog->find_table("hired_employees");
    EXPECT_EQ(hired.path, "hiredemployees");
    EXPECT_EQ(hired.files, "hired_employees*.csv*");
    EXPECT_EQ(hired.key, std::vector<std::string>{"id"});
    EXPECT_EQ(hired.on_duplicate_key, DuplicatePolicy::kLast);
    EXPECT_FALSE(hired.reject_limit.rows || hired.reject_limit.percent);
    ASSERT_EQ(hired.columns.size(), 5U);
    std::string columns;
    for (const Column& column : hired.columns) {
        columns +=
            column.name + " " + type_text(column.type) + (column.nullable ? " null; " : "; ");
    }
    EXPECT_EQ(columns,
              "id int64; name string null; datetime_ timestamp null; department_id int64 null; "
              "job_id int64 null; ");
    const Column& department = load.catalog->find_table("departments")->columns[1];
    EXPECT_EQ(department.min_length, 1U);
    EXPECT_EQ(department.max_length, 100U);
}

TEST(BuiltinCatalog, Reports) {
    const CatalogLoad load = builtin();
    ASSERT_TRUE(load.catalog.has_value());
    EXPECT_EQ(load.catalog->report_names(),
              (std::vector<std::string>{"hires_by_quarter", "departments_above_mean"}));
    const Report& report = *load.catalog->find_report("hires_by_quarter");
    ASSERT_EQ(report.params.size(), 1U);
    EXPECT_EQ(report.params[0].default_value, Value{std::int64_t{2021}});
    EXPECT_EQ(report.params[0].min, Value{std::int64_t{1900}});
    EXPECT_EQ(report.params[0].max, Value{std::int64_t{2999}});
    EXPECT_EQ(report.aliases.at(0).path, "/hired2021");
    EXPECT_EQ(report.aliases.at(0).params.at("year"), Value{std::int64_t{2021}});
    EXPECT_EQ(report.chart->kind, "stacked_bar");
    EXPECT_NE(report.sql.find("$year"), std::string::npos);
    EXPECT_EQ(load.catalog->find_report("departments_above_mean")->aliases.at(0).path,
              "/qtrlyhired");
}

TEST(BuiltinCatalog, WhatIsNotThereIsNotFound) {
    const CatalogLoad load = builtin();
    ASSERT_TRUE(load.catalog.has_value());
    EXPECT_EQ(load.catalog->find_table("departmets"), nullptr);
    EXPECT_EQ(load.catalog->find_report(""), nullptr);
    const Table& jobs = load.catalog->tables[1];
    EXPECT_EQ(jobs.find_column("jobb"), nullptr);
    EXPECT_EQ(jobs.column_index("job"), 1U);
    EXPECT_TRUE(jobs.is_key("id"));
    EXPECT_FALSE(jobs.is_key("job"));
}

}  // namespace
}  // namespace muster
