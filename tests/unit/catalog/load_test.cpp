// What a sound catalog becomes: values, defaults, paths, the environment, overrides, the order.
#include "catalog/catalog.h"
#include "core/limits.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace muster {
namespace {

namespace fs = std::filesystem;

const std::string kHead = R"(
[muster]
name = "test"
)";

// A table with the key `id` and more lines for the table and its column `value`.
std::string table_text(const std::string& name,
                       const std::string& table_lines = {},
                       const std::string& column_lines = "type = \"string\"\n") {
    return "[[table]]\nname = \"" + name + "\"\nfiles = \"" + name + "*.csv\"\nkey = [\"id\"]\n" +
           table_lines + "[[table.column]]\nname = \"id\"\ntype = \"int64\"\n" +
           "[[table.column]]\nname = \"value\"\n" + column_lines;
}

class LoadCatalog : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() /
                  ("muster-catalog-" + std::to_string(getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    CatalogLoad load(const std::string& text, const CatalogOverrides& overrides = {}) {
        std::ofstream{folder_ / "muster.toml", std::ios::binary} << text;
        return load_catalog(
            folder_ / "muster.toml",
            [this](const std::string& name) -> std::optional<std::string> {
                const auto found = environment_.find(name);
                return found != environment_.end() ? std::optional{found->second} : std::nullopt;
            },
            overrides);
    }

    Catalog sound(const std::string& text, const CatalogOverrides& overrides = {}) {
        CatalogLoad loaded = load(text, overrides);
        EXPECT_TRUE(loaded.catalog.has_value()) << problems_error(loaded.problems).message;
        EXPECT_TRUE(loaded.problems.empty());
        return loaded.catalog.value_or(Catalog{});
    }

    std::string problems(const std::string& text) {
        return problems_error(load(text).problems).message;
    }

    fs::path folder_;
    std::map<std::string, std::string> environment_;
};

TEST_F(LoadCatalog, Defaults) {
    const Catalog catalog = sound(kHead + table_text("a"));
    EXPECT_EQ(catalog.data_dir, (folder_ / "muster-data").string());
    EXPECT_EQ(catalog.source_url, (folder_ / "data").string());
    EXPECT_EQ(catalog.retention.runs_days, 90);
    EXPECT_EQ(catalog.retention.rejects_days, 365);
    EXPECT_EQ(catalog.retention.clean_runs, 3);
    const Table& table = catalog.tables.at(0);
    EXPECT_EQ(table.path, "a");
    EXPECT_EQ(table.on_duplicate_key, DuplicatePolicy::kLast);
    EXPECT_EQ(table.header, HeaderMode::kAbsent);
    EXPECT_EQ(table.delimiter, ',');
    EXPECT_EQ(table.quote, '"');
    EXPECT_TRUE(table.trim);
    EXPECT_EQ(table.max_record_bytes, kRecordBytesDefault);
    EXPECT_FALSE(table.api_allow_null);
    EXPECT_FALSE(table.columns.at(1).nullable);
}

TEST_F(LoadCatalog, TableOptions) {
    const Catalog catalog =
        sound(kHead + table_text("a",
                                 "path = \"some-path\"\n"
                                 "description = \"d\"\n"
                                 "on_duplicate_key = \"reject\"\n"
                                 "header = \"auto\"\n"
                                 "delimiter = \"\\t\"\n"
                                 "quote = \"\"\n"
                                 "trim = false\n"
                                 "null_values = [\"NULL\", \"-\"]\n"
                                 "max_record_bytes = 67108864\n"
                                 "reject_limit = { rows = 0, percent = 50 }\n"
                                 "check = [{ name = \"c\", sql = \"id > 0\" }]\n"
                                 "api = { allow_null = true }\n"));
    const Table& table = catalog.tables.at(0);
    EXPECT_EQ(table.path, "some-path");
    EXPECT_EQ(table.on_duplicate_key, DuplicatePolicy::kReject);
    EXPECT_EQ(table.header, HeaderMode::kAuto);
    EXPECT_EQ(table.delimiter, '\t');
    EXPECT_EQ(table.quote, '\0');
    EXPECT_FALSE(table.trim);
    EXPECT_EQ(table.null_values, (std::vector<std::string>{"NULL", "-"}));
    EXPECT_EQ(table.max_record_bytes, kRecordBytesMax);
    EXPECT_EQ(table.reject_limit.rows, 0);
    EXPECT_EQ(table.reject_limit.percent, 50.0);
    EXPECT_EQ(table.checks.at(0).sql, "id > 0");
    EXPECT_TRUE(table.api_allow_null);
    EXPECT_EQ(sound(kHead + table_text("a", "header = true\n")).tables.at(0).header,
              HeaderMode::kPresent);
    EXPECT_EQ(sound(kHead + table_text("a", "on_duplicate_key = \"first\"\n"))
                  .tables.at(0)
                  .on_duplicate_key,
              DuplicatePolicy::kFirst);
}

TEST_F(LoadCatalog, BoundsOfEveryType) {
    struct Case {
        std::string lines;
        std::string min;
        std::string max;
    };
    const std::vector<Case> cases = {
        {"type = \"int32\"\nmin = -2147483648\nmax = 2147483647", "-2147483648", "2147483647"},
        {"type = \"int64\"\nmin = 1\nmax = 1", "1", "1"},
        {"type = \"decimal(10,2)\"\nmin = 1\nmax = 2.5", "1.00", "2.50"},
        {"type = \"decimal(38, 10)\"\nmin = \"-1.5\"\nmax = \"10.0000000001\"",
         "-1.5000000000",
         "10.0000000001"},
        {"type = \"double\"\nmin = 1\nmax = 2.5e3", "1", "2500"},
        {"type = \"string\"\nmin = \"a\"\nmax = \"b\"", "a", "b"},
        {"type = \"date\"\nmin = 2021-01-01\nmax = \"2021-12-31\"", "2021-01-01", "2021-12-31"},
        {"type = \"timestamp\"\nmin = 2021-01-01T00:00:00+01:00\nmax = \"2021-01-01 00:00:00.5Z\"",
         "2020-12-31T23:00:00Z",
         "2021-01-01T00:00:00.500000Z"},
        {"type = \"timestamp\"\nformats = [\"%d.%m.%Y\"]\nmin = \"1.2.2021\"\nmax = \"2.2.2021\"",
         "2021-02-01T00:00:00Z",
         "2021-02-02T00:00:00Z"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.lines);
        const Catalog catalog = sound(kHead + table_text("a", "", c.lines + "\n"));
        ASSERT_EQ(catalog.tables.size(), 1U);
        const Column& column = catalog.tables[0].columns[1];
        ASSERT_TRUE(column.min && column.max);
        EXPECT_EQ(value_text(column.type, *column.min), c.min);
        EXPECT_EQ(value_text(column.type, *column.max), c.max);
    }
}

TEST_F(LoadCatalog, PathsAreRelativeToTheFile) {
    const Catalog catalog = sound(
        "[muster]\nname = \"t\"\ndata_dir = \"state/../d\"\n[source]\nurl = \"s3://b/in/\"\n"
        "[clean]\nurl = \"/abs/clean\"\n[backups]\nurl = \"bak/\"\n"
        "[warehouse]\nurl = \"duckdb:w.duckdb\"\n" +
        table_text("a"));
    EXPECT_EQ(catalog.data_dir, (folder_ / "d").string());
    EXPECT_EQ(catalog.source_url, "s3://b/in/");
    EXPECT_EQ(catalog.clean_url, "/abs/clean");
    EXPECT_EQ(catalog.backups_url, (folder_ / "bak").string());
    EXPECT_EQ(catalog.warehouse_url, "duckdb:" + (folder_ / "w.duckdb").string());
}

TEST_F(LoadCatalog, OverridesMoveWhatIsDerivedFromThem) {
    CatalogOverrides overrides;
    overrides.data_dir = "/elsewhere";
    overrides.source_url = "/in";
    Catalog catalog = sound(kHead + "data_dir = \"d\"\n" + table_text("a"), overrides);
    EXPECT_EQ(catalog.data_dir, "/elsewhere");
    EXPECT_EQ(catalog.source_url, "/in");
    EXPECT_EQ(catalog.clean_url, "/elsewhere/clean");
    EXPECT_EQ(catalog.warehouse_url, "duckdb:/elsewhere/muster.duckdb");
    overrides.warehouse_url = "duckdb:/w";
    catalog = sound(kHead + "[warehouse]\nurl = \"duckdb:x\"\n" + table_text("a"), overrides);
    EXPECT_EQ(catalog.warehouse_url, "duckdb:/w");
}

TEST_F(LoadCatalog, TheEnvironmentFillsIn) {
    environment_ = {{"BUCKET", "b"}, {"EMPTY", ""}, {"LIMIT", "12"}, {"ON", "true"}};
    const Catalog catalog = sound(
        "[muster]\nname = \"${NAME:t}\"\n[source]\nurl = \"s3://${BUCKET}/${EMPTY}in\"\n" +
        table_text("a",
                   "reject_limit = { rows = \"${LIMIT}\", percent = \"${SHARE:2.5}\" }\n"
                   "trim = \"${OFF:false}\"\nheader = \"${ON}\"\n",
                   "type = \"string\"\nmax_length = \"${LIMIT}\"\n"
                   "pattern = '$${x}|\\d{1,2}$'\none_of = [\"${EMPTY:unused}\", \"a${NO:}\"]\n"));
    EXPECT_EQ(catalog.name, "t");
    EXPECT_EQ(catalog.source_url, "s3://b/in");
    const Table& table = catalog.tables.at(0);
    EXPECT_EQ(table.reject_limit.rows, 12);
    EXPECT_EQ(table.reject_limit.percent, 2.5);
    EXPECT_FALSE(table.trim);
    EXPECT_EQ(table.header, HeaderMode::kPresent);
    EXPECT_EQ(table.columns.at(1).max_length, 12U);
    EXPECT_EQ(table.columns.at(1).pattern, "${x}|\\d{1,2}$");
    EXPECT_EQ(table.columns.at(1).one_of,
              (std::vector<Value>{Value{std::string{}}, Value{std::string{"a"}}}));
}

TEST_F(LoadCatalog, ReferencedTablesComeFirstAndElseTheFilesOrderStays) {
    const auto reference = [](const std::string& table) {
        return "references = [{ column = \"value\", table = \"" + table + "\" }]\n";
    };
    const std::string number = "type = \"int64\"\n";
    const Catalog catalog = sound(kHead + table_text("e", reference("d"), number) +
                                  table_text("a") + table_text("d", reference("b"), number) +
                                  table_text("c", reference("b"), number) + table_text("b"));
    std::string order;
    for (const Table* table : catalog.load_order()) {
        order += table->name.str();
    }
    EXPECT_EQ(order, "abdce");
}

TEST_F(LoadCatalog, Limits) {
    const auto with_columns = [](std::size_t count) {
        std::string text = table_text("a");
        for (std::size_t i = 2; i < count; ++i) {
            text += "[[table.column]]\nname = \"c" + std::to_string(i) + "\"\ntype = \"bool\"\n";
        }
        return kHead + text;
    };
    EXPECT_EQ(problems(with_columns(kColumnsMax)), "");
    EXPECT_NE(problems(with_columns(kColumnsMax + 1)).find("1 to 1000 columns"), std::string::npos);
    const auto with_tables = [](std::size_t count) {
        std::string text = kHead;
        for (std::size_t i = 0; i < count; ++i) {
            text += table_text("t" + std::to_string(i));
        }
        return text;
    };
    EXPECT_EQ(problems(with_tables(kTablesMax)), "");
    EXPECT_NE(problems(with_tables(kTablesMax + 1)).find("1 to 1000 tables"), std::string::npos);
    const std::string longest(kNameBytesMax, 'n');
    EXPECT_EQ(problems(kHead + table_text(longest)), "");
    EXPECT_NE(problems(kHead + table_text(longest + "n")).find("cannot name"), std::string::npos);
    const std::string text = kHead + table_text("a");
    EXPECT_EQ(problems(text + std::string(kCatalogBytesMax - text.size(), '\n')), "");
    EXPECT_NE(problems(text + std::string(kCatalogBytesMax - text.size() + 1, '\n')).find("larger"),
              std::string::npos);
}

TEST_F(LoadCatalog, AMissingFileIsAProblemOfItsOwn) {
    const CatalogLoad missing =
        load_catalog(folder_ / "gone.toml", [](const std::string&) { return std::nullopt; });
    ASSERT_EQ(missing.problems.size(), 1U);
    EXPECT_NE(missing.problems[0].message.find("No such file"), std::string::npos);
    EXPECT_EQ(problems_error(missing.problems).code, ErrorCode::kUsage);
    const CatalogLoad folder =
        load_catalog(folder_, [](const std::string&) { return std::nullopt; });
    EXPECT_EQ(folder.problems.size(), 1U);
}

}  // namespace
}  // namespace muster
