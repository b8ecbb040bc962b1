// Well-formed random files: the scan's values are those of DuckDB's own reader.
#include "engine/detail/duckdb_handle.h"
#include "engine/scan_object.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace muster {
namespace {

constexpr std::size_t kCells = 3;
constexpr int kRows = 3000;

Table cells_table() {
    Table table;
    table.name = TableName("t");
    for (const char* name : {"id", "a", "b", "c"}) {
        Column column;
        column.name = name;
        column.type.kind = table.columns.empty() ? TypeKind::kInt64 : TypeKind::kString;
        column.nullable = !table.columns.empty();
        table.columns.push_back(column);
    }
    table.key = {"id"};
    table.trim = false;
    return table;
}

std::string random_cell(std::mt19937& random) {
    static const std::vector<std::string> kPieces = {
        "a", "Zo\u00eb", "\u65e5\u672c", "\U0001F642", " ", "\"\"", ",", "\n", "\r\n", "'", "\\"};
    if (random() % 8 == 0) {
        return random() % 2 == 0 ? "" : "\"\"";
    }
    if (random() % 50 == 0) {
        return std::string(1 + random() % 5000, 'y');
    }
    std::string text = "x";
    for (std::size_t n = random() % 12; n > 0; --n) {
        text += kPieces[random() % kPieces.size()];
    }
    const bool quoted = text.find_first_of("\",\r\n") != text.npos || random() % 4 == 0;
    return quoted ? "\"" + text + "\"" : text;
}

class ReadCsvTest : public testing::TestWithParam<unsigned> {};

TEST_P(ReadCsvTest, TheSameValuesAsDuckdb) {
    std::mt19937 random(GetParam());
    const std::string line_end = GetParam() % 2 == 0 ? "\n" : "\r\n";
    TempFolder folder;
    const std::filesystem::path in = folder.path() / "in";
    std::filesystem::create_directory(in);
    {
        std::ofstream file(in / "a.csv", std::ios::binary);
        for (int i = 0; i < kRows; ++i) {
            file << i;
            for (std::size_t cell = 0; cell < kCells; ++cell) {
                file << ',' << random_cell(random);
            }
            file << line_end;
        }
    }
    EngineOptions options;
    options.memory_limit_bytes = 256U << 20;
    options.temp_dir = folder.path() / "tmp";
    options.threads = 2;
    const auto engine = std::move(Engine::open(options)).value();
    const auto source = std::move(open_store(in.string())).value();
    const auto clean = std::move(open_store((folder.path() / "clean").string())).value();
    const Table table = cells_table();
    ObjectInfo info;
    info.key = ObjectKey("a.csv");
    const auto report =
        scan_object(*engine, ScanJob{table, *source, info, 0, *clean, "x/", {}, nullptr});
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->clean, static_cast<std::uint64_t>(kRows));
    EXPECT_EQ(report->rejected, 0U);

    auto connection = std::move(engine->handle().connect()).value();
    const std::string ours = "SELECT id, a, b, c FROM " +
                             sql_text((folder.path() / "clean/x/part-0000.parquet").string());
    // An empty text is NULL here and there; quoted empty ones are told apart by neither.
    const std::string theirs =
        "SELECT id, nullif(a, '') AS a, nullif(b, '') AS b, nullif(c, '') AS c FROM read_csv(" +
        sql_text((in / "a.csv").string()) +
        ", header = false, delim = ',', quote = '\"', escape = '\"', auto_detect = false,"
        " parallel = false, new_line = '" +
        std::string(line_end == "\n" ? "\\n" : "\\r\\n") +
        "',"
        " columns = {'id': 'BIGINT', 'a': 'VARCHAR', 'b': 'VARCHAR', 'c': 'VARCHAR'})";
    for (const auto& [left, right] : {std::pair(ours, theirs), std::pair(theirs, ours)}) {
        std::string sql = "SELECT count(*) FROM ((";
        sql.append(left).append(") EXCEPT ALL (").append(right).append("))");
        const auto differing = connection.scalar(sql);
        ASSERT_TRUE(differing.ok()) << differing.error().detail << differing.error().message;
        EXPECT_EQ(*differing, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReadCsvTest, testing::Range(0U, 8U));

}  // namespace
}  // namespace muster
