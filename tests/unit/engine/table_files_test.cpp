#include "engine/table_files.h"

#include "engine/detail/avro_scan.h"
#include "engine/detail/content_functions.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/detail/scan_source.h"
#include "support/memory_object.h"
#include "support/temp_folder.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "unit/archive/archive_rows.h"

namespace muster {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string literal(const ColumnType& type, const Value& value) {
    const bool null = std::holds_alternative<std::monostate>(value);
    return "CAST(" + (null ? "NULL" : sql_text(value_text(type, value))) + " AS " + sql_type(type) +
           ")";
}

class TableFilesTest : public testing::Test {
  protected:
    void SetUp() override {
        EngineOptions options;
        options.memory_limit_bytes = 512U << 20;
        options.temp_dir = folder_.path() / "tmp";
        options.threads = 2;
        engine_ = std::move(Engine::open(options)).value();
        connection_.emplace(std::move(engine_->handle().connect()).value());
        store_ = std::move(open_store((folder_.path() / "out").string())).value();
    }

    void execute(const std::string& sql) {
        const auto done = connection_->execute(sql);
        ASSERT_TRUE(done.ok()) << sql.substr(0, 200) << ": " << done.error().message;
    }

    void make_table(const ArchiveTable& table, const std::vector<Row>& rows) {
        std::string columns;
        for (const ArchiveColumn& column : table.columns) {
            columns += (columns.empty() ? "" : ", ") + sql_identifier(column.name) + " " +
                       sql_type(column.type);
        }
        execute("CREATE OR REPLACE TABLE " + sql_identifier(table.name) + " (" + columns + ")");
        for (std::size_t from = 0; from < rows.size(); from += 100) {
            std::string values;
            for (std::size_t i = from; i < std::min(rows.size(), from + 100); ++i) {
                values += values.empty() ? "(" : ", (";
                for (std::size_t column = 0; column < rows[i].size(); ++column) {
                    values += (column == 0 ? "" : ", ") +
                              literal(table.columns[column].type, rows[i][column]);
                }
                values += ")";
            }
            execute("INSERT INTO " + sql_identifier(table.name) + " VALUES " + values);
        }
    }

    std::filesystem::path copy(const std::string& query, const std::string& name) {
        std::filesystem::path file = folder_.path() / name;
        execute("COPY (" + query + ") TO " + sql_text(file.string()) +
                " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)");
        return file;
    }

    FileContent query_content(const ArchiveTable& table, const std::string& source) {
        auto rows = connection_->query("SELECT " + content_select_list(table) + " FROM " + source);
        EXPECT_TRUE(rows.ok()) << rows.error().message;
        return *read_content(*rows);
    }

    Result<AvroFilesWritten> to_avro(const ArchiveTable& table,
                                     const std::vector<std::filesystem::path>& files,
                                     const AvroOptions& options = {},
                                     const CancelToken* cancel = nullptr) {
        return parquet_to_avro(
            *engine_,
            table,
            files,
            options,
            [this](std::size_t index) { return store_->create(ObjectKey(avro_file_name(index))); },
            [this](std::uint64_t rows) { progress_ = rows; },
            cancel);
    }

    // The files that were written, as objects that can be read and damaged.
    std::vector<std::string> avro_files(const AvroFilesWritten& written) {
        std::vector<std::string> files;
        for (std::size_t i = 0; i < written.files.size(); ++i) {
            files.push_back(*read_object(*store_, ObjectKey(avro_file_name(i)), 1U << 30U));
            EXPECT_EQ(files.back().size(), written.files[i].bytes);
        }
        return files;
    }

    Result<FileContent> content_of_avro(const ArchiveTable& table,
                                        const std::vector<std::string>& files) {
        std::vector<MemoryObject> objects;
        std::vector<ObjectReader*> readers;
        objects.reserve(files.size());
        readers.reserve(files.size());
        for (const std::string& file : files) {
            readers.push_back(&objects.emplace_back(file, "data.avro"));
        }
        return avro_content(*engine_, table, readers, nullptr);
    }

    const TempFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::optional<Connection> connection_;
    std::unique_ptr<ObjectStore> store_;
    std::uint64_t progress_ = 0;
};

std::vector<Row> many_rows() {
    std::vector<Row> rows = edge_rows();
    const std::vector<Row> more = random_rows(7, 500);
    rows.insert(rows.end(), more.begin(), more.end());
    return rows;
}

TEST_F(TableFilesTest, AFileThatIsNotThereIsAnError) {
    const auto content =
        parquet_content(*engine_, every_type(), {folder_.path() / "none.parquet"}, nullptr);
    ASSERT_FALSE(content.ok());
    EXPECT_EQ(content.error().code, ErrorCode::kIo);
    EXPECT_THAT(content.error().message, HasSubstr("none.parquet"));
    EXPECT_EQ(to_avro(every_type(), {folder_.path() / "none.parquet"}).error().code,
              ErrorCode::kIo);
}

TEST_F(TableFilesTest, AFileThatIsNoParquetFailsTheVerification) {
    const std::filesystem::path file = folder_.path() / "text.parquet";
    std::ofstream(file) << std::string(5000, 'x');
    const auto content = parquet_content(*engine_, every_type(), {file}, nullptr);
    ASSERT_FALSE(content.ok());
    EXPECT_EQ(content.error().code, ErrorCode::kVerification) << content.error().message;
    EXPECT_EQ(to_avro(every_type(), {file}).error().code, ErrorCode::kVerification);
}

TEST_F(TableFilesTest, OtherColumnsFailTheVerification) {
    const ArchiveTable table{
        "t", {{"a", {TypeKind::kInt64, 0, 0}, false}, {"b", {TypeKind::kDecimal, 10, 2}, true}}};
    const auto good = copy("SELECT 1::BIGINT AS a, 1::DECIMAL(10,2) AS b", "good.parquet");
    ASSERT_TRUE(parquet_content(*engine_, table, {good}, nullptr).ok());
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"SELECT 1::BIGINT AS a", "1 columns, table t has 2"},
        {"SELECT 1::BIGINT AS a, 1::DECIMAL(10,2) AS b, 1 AS c", "3 columns, table t has 2"},
        {"SELECT 1::DECIMAL(10,2) AS b, 1::BIGINT AS a", "column 1 is b, not a"},
        {"SELECT 1::INTEGER AS a, 1::DECIMAL(10,2) AS b", "column a is not of type int64"},
        {"SELECT 1::BIGINT AS a, 1::DECIMAL(10,3) AS b", "column b is not of type decimal(10,2)"},
    };
    for (const auto& [query, problem] : cases) {
        const auto bad = copy(query, "bad.parquet");
        const auto content = parquet_content(*engine_, table, {good, bad}, nullptr);
        ASSERT_FALSE(content.ok());
        EXPECT_EQ(content.error().code, ErrorCode::kVerification);
        EXPECT_THAT(content.error().message, HasSubstr(problem));
        EXPECT_THAT(content.error().message, HasSubstr("bad.parquet"));
        EXPECT_THAT(to_avro(table, {good, bad}).error().message, HasSubstr(problem));
    }
}

TEST_F(TableFilesTest, NullInAColumnThatHasNoneFailsTheVerification) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kInt64, 0, 0}, false}}};
    const auto file = copy("SELECT nullif(i, 70) AS a FROM range(100) r(i)", "null.parquet");
    const auto written = to_avro(table, {file});
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code, ErrorCode::kVerification);
    EXPECT_THAT(written.error().message, HasSubstr("column a is NULL"));
}

TEST_F(TableFilesTest, AnInfiniteTimestampCannotBecomeAvro) {
    const ArchiveTable table{"t", {{"at", {TypeKind::kTimestamp, 0, 0}, true}}};
    const auto file = copy("SELECT 'infinity'::TIMESTAMP AS at", "infinite.parquet");
    EXPECT_THAT(to_avro(table, {file}).error().message, HasSubstr("years 1 to 9999"));
}

TEST_F(TableFilesTest, TheErrorOfTheStoreIsHandedOn) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kInt64, 0, 0}, false}}};
    const auto file = copy("SELECT i AS a FROM range(100) r(i)", "a.parquet");
    const auto written = parquet_to_avro(
        *engine_,
        table,
        {file},
        {},
        [](std::size_t) -> Result<std::unique_ptr<ObjectWriter>> {
            return Error{ErrorCode::kUnavailable, "no room", "", ""};
        },
        {},
        nullptr);
    EXPECT_EQ(written.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(written.error().message, "no room");
}

TEST_F(TableFilesTest, CancelledWorkStops) {
    CancelToken cancel;
    cancel.cancel();
    const ArchiveTable table{"t", {{"a", {TypeKind::kInt64, 0, 0}, false}}};
    const auto file = copy("SELECT i AS a FROM range(1000000) r(i)", "a.parquet");
    const auto written = to_avro(table, {file}, {}, &cancel);
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(parquet_content(*engine_, table, {file}, &cancel).error().code,
              ErrorCode::kCancelled);
    EXPECT_EQ(avro_content(*engine_, table, {}, &cancel).error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(store_->open(ObjectKey(avro_file_name(0))).ok());
}

TEST_F(TableFilesTest, NamesOfFilesAreNoPatterns) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kInt64, 0, 0}, false}}};
    const auto first = copy("SELECT 1::BIGINT AS a", "a[1]*?'.parquet");
    const auto second = copy("SELECT 2::BIGINT AS a", "a1b.parquet");
    const auto content = parquet_content(*engine_, table, {first}, nullptr);
    ASSERT_TRUE(content.ok()) << content.error().message;
    EXPECT_EQ(*content, content_of(table, {{std::int64_t{1}}}));
    EXPECT_EQ(parquet_content(*engine_, table, {second}, nullptr)->rows, 1U);
    EXPECT_EQ(to_avro(table, {first})->content, *content);
}

TEST_F(TableFilesTest, EveryTypeKeepsItsContentThroughBothFormats) {
    const ArchiveTable table = every_type();
    const std::vector<Row> rows = many_rows();
    const FileContent expected = content_of(table, rows);
    make_table(table, rows);
    EXPECT_EQ(query_content(table, table.name), expected);
    const auto first = copy("SELECT * FROM every_type WHERE id % 2 = 0", "0.parquet");
    const auto second = copy("SELECT * FROM every_type WHERE id % 2 <> 0", "1.parquet");
    const auto content = parquet_content(*engine_, table, {first, second}, nullptr);
    ASSERT_TRUE(content.ok()) << content.error().message;
    EXPECT_EQ(*content, expected);
    for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy}) {
        const auto written = to_avro(table, {first, second}, {.codec = codec});
        ASSERT_TRUE(written.ok()) << written.error().message;
        EXPECT_EQ(written->content, expected);
        EXPECT_EQ(progress_, expected.rows);
        const std::vector<std::string> files = avro_files(*written);
        ASSERT_EQ(files.size(), 1U);
        EXPECT_EQ(written->files[0].rows, expected.rows);
        EXPECT_EQ(*avro_file_content(table, source_of(files[0])), expected);
        const auto back = content_of_avro(table, files);
        ASSERT_TRUE(back.ok()) << back.error().message;
        EXPECT_EQ(*back, expected);
    }
}

TEST_F(TableFilesTest, ATableMadeFromAvroIsTheOldOne) {
    const ArchiveTable table = every_type();
    make_table(table, many_rows());
    const auto written = to_avro(table, {copy("SELECT * FROM every_type", "0.parquet")});
    ASSERT_TRUE(written.ok());
    MemoryObject object(avro_files(*written)[0], "data-0000.avro");
    ObjectReader* readers[] = {&object};
    const AvroScan scan(engine_->handle(), table, readers);
    execute("CREATE TABLE restored AS SELECT * FROM " + scan.sql());
    EXPECT_EQ(*connection_->scalar("SELECT count(*) FROM ("
                                   "(FROM restored EXCEPT ALL FROM every_type) UNION ALL "
                                   "(FROM every_type EXCEPT ALL FROM restored))"),
              0);
    const std::string types =
        "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY "
        "column_index) FROM duckdb_columns() WHERE table_name = ";
    auto old_types = connection_->query(types + "'every_type'");
    auto new_types = connection_->query(types + "'restored'");
    ASSERT_TRUE(*old_types->next() && *new_types->next());
    EXPECT_EQ(new_types->text(0), old_types->text(0));
    EXPECT_THAT(std::string(new_types->text(0)), StartsWith("id BIGINT, small INTEGER, d4"));
}

TEST_F(TableFilesTest, ATableWithoutRowsIsOneFileWithoutBlocks) {
    const ArchiveTable table = every_type();
    make_table(table, {});
    EXPECT_EQ(query_content(table, table.name), FileContent{});
    const auto empty = copy("SELECT * FROM every_type", "0.parquet");
    EXPECT_EQ(*parquet_content(*engine_, table, {empty}, nullptr), FileContent{});
    EXPECT_EQ(*parquet_content(*engine_, table, {}, nullptr), FileContent{});
    EXPECT_EQ(*avro_content(*engine_, table, {}, nullptr), FileContent{});
    for (const std::vector<std::filesystem::path>& files :
         {std::vector<std::filesystem::path>{}, std::vector<std::filesystem::path>{empty}}) {
        const auto written = to_avro(table, files);
        ASSERT_TRUE(written.ok()) << written.error().message;
        EXPECT_EQ(written->content, FileContent{});
        ASSERT_EQ(written->files.size(), 1U);
        EXPECT_EQ(*content_of_avro(table, avro_files(*written)), FileContent{});
    }
}

TEST_F(TableFilesTest, ManyRowsFillManyBlocksAndFiles) {
    const ArchiveTable table{"t",
                             {{"id", {TypeKind::kInt64, 0, 0}, false},
                              {"name", {TypeKind::kString, 0, 0}, true},
                              {"at", {TypeKind::kTimestamp, 0, 0}, true}}};
    const auto file = copy(
        "SELECT i AS id, CASE WHEN i % 5 > 0 THEN 'name of number ' || i END AS name,"
        " make_timestamp(i * 1000003) AS at FROM range(300000) r(i)",
        "many.parquet");
    const auto content = parquet_content(*engine_, table, {file}, nullptr);
    ASSERT_TRUE(content.ok()) << content.error().message;
    EXPECT_EQ(content->rows, 300'000U);
    const auto written = to_avro(table, {file}, {.codec = AvroCodec::kSnappy, .file_bytes_max = 1});
    ASSERT_TRUE(written.ok()) << written.error().message;
    EXPECT_EQ(written->content, *content);
    EXPECT_GT(written->files.size(), 5U);
    std::vector<std::string> files = avro_files(*written);
    EXPECT_EQ(*content_of_avro(table, files), *content);
    std::uint64_t rows = 0;
    for (const AvroFileWritten& one : written->files) {
        rows += one.rows;
    }
    EXPECT_EQ(rows, 300'000U);
    files.pop_back();
    EXPECT_FALSE(*content_of_avro(table, files) == *content);
}

TEST_F(TableFilesTest, DamagedAvroFailsWithTheErrorOfTheReader) {
    const ArchiveTable table{"t", {{"id", {TypeKind::kInt64, 0, 0}, false}}};
    const auto written =
        to_avro(table, {copy("SELECT i AS id FROM range(1000) r(i)", "a.parquet")});
    ASSERT_TRUE(written.ok());
    std::vector<std::string> files = avro_files(*written);
    files.push_back(files[0]);
    files[1].back() ^= 1;
    const auto content = content_of_avro(table, files);
    ASSERT_FALSE(content.ok());
    EXPECT_EQ(content.error().code, ErrorCode::kVerification);
    EXPECT_THAT(content.error().message, StartsWith("data.avro: block 1 at byte"));

    MemoryObject object(files[0], "data.avro");
    object.fail_from(0, ErrorCode::kUnavailable);
    ObjectReader* readers[] = {&object};
    EXPECT_EQ(avro_content(*engine_, table, readers, nullptr).error().code,
              ErrorCode::kUnavailable);
}

TEST_F(TableFilesTest, OnlyRegisteredFilesAreRead) {
    const auto rows = connection_->query("SELECT * FROM muster_read_avro(12345)");
    ASSERT_FALSE(rows.ok());
    EXPECT_THAT(rows.error().message, HasSubstr("muster's own files"));
}

TEST_F(TableFilesTest, AFlippedByteInParquetIsNeverTheSameContentSilently) {
    const ArchiveTable table = every_type();
    const std::vector<Row> rows = random_rows(8, 300);
    const FileContent expected = content_of(table, rows);
    make_table(table, rows);
    const auto file = copy("SELECT * FROM every_type", "0.parquet");
    std::ifstream in(file);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::size_t noticed = 0;
    std::size_t tried = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 997) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ 0x10U);
        std::ofstream(file) << damaged;
        const auto content = parquet_content(*engine_, table, {file}, nullptr);
        noticed += !content.ok() || !(*content == expected) ? 1U : 0U;
        ++tried;
    }
    // Statistics and other metadata may change without changing a row.
    EXPECT_GT(noticed * 2, tried);
}

}  // namespace
}  // namespace muster
