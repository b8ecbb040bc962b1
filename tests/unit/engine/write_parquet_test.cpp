// Rows that a caller hands over, as a Parquet file.
#include "engine/detail/duckdb_handle.h"
#include "engine/table_files.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include "unit/archive/archive_rows.h"

namespace muster {
namespace {

class WriteParquetTest : public testing::Test {
  protected:
    void SetUp() override {
        EngineOptions options;
        options.memory_limit_bytes = 512U << 20;
        options.temp_dir = folder_.path() / "tmp";
        options.threads = 2;
        engine_ = std::move(Engine::open(options)).value();
        file_ = folder_.path() / "out.parquet";
    }

    // The rows in their order; an error instead of row `broken_at`.
    static RowSource source(const std::vector<Row>& rows, std::size_t broken_at = SIZE_MAX) {
        return [&rows, broken_at, at = std::size_t{0}](Row& row) mutable -> Result<bool> {
            if (at == broken_at) {
                return Error{ErrorCode::kUnavailable, "the source is gone", "", ""};
            }
            if (at == rows.size()) {
                return false;
            }
            row = rows[at++];
            return true;
        };
    }

    std::vector<std::int64_t> ids() {
        auto connection = engine_->handle().connect();
        auto rows = connection->query("SELECT id FROM " + sql_text(file_.string()));
        std::vector<std::int64_t> found;
        while (*rows->next()) {
            found.push_back(rows->int64(0));
        }
        return found;
    }

    TempFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::filesystem::path file_;
};

TEST_F(WriteParquetTest, AnErrorOfTheSourceIsHandedBack) {
    const std::vector<Row> rows = random_rows(3, 5000);
    for (const std::size_t at : {0U, 1U, 2048U, 4999U, 5000U}) {
        const auto written =
            write_parquet(*engine_, every_type(), source(rows, at), file_, nullptr);
        ASSERT_FALSE(written.ok()) << at;
        EXPECT_EQ(written.error().code, ErrorCode::kUnavailable);
        EXPECT_EQ(written.error().message, "the source is gone");
    }
}

TEST_F(WriteParquetTest, TheFileHoldsWhatIsSaidOfIt) {
    std::vector<Row> rows = edge_rows();
    for (Row& row : random_rows(4, 7000)) {
        rows.push_back(std::move(row));
    }
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{2048}, rows.size()}) {
        const std::vector<Row> some(rows.begin(),
                                    rows.begin() + static_cast<std::ptrdiff_t>(count));
        const auto written = write_parquet(*engine_, every_type(), source(some), file_, nullptr);
        ASSERT_TRUE(written.ok()) << written.error().message;
        EXPECT_EQ(*written, content_of(every_type(), some));
        const auto read = parquet_content(*engine_, every_type(), {file_}, nullptr);
        ASSERT_TRUE(read.ok()) << read.error().message;
        EXPECT_EQ(*read, *written);
    }
}

TEST_F(WriteParquetTest, TheOrderIsKept) {
    const std::vector<Row> rows = random_rows(5, 9000);
    ASSERT_TRUE(write_parquet(*engine_, every_type(), source(rows), file_, nullptr).ok());
    std::vector<std::int64_t> expected;
    expected.reserve(rows.size());
    for (const Row& row : rows) {
        expected.push_back(std::get<std::int64_t>(row.front()));
    }
    EXPECT_EQ(ids(), expected);
}

TEST_F(WriteParquetTest, ItStopsOnRequest) {
    CancelToken cancel;
    const RowSource endless = [&cancel](Row& row) -> Result<bool> {
        row = edge_rows().front();
        cancel.cancel();
        return true;
    };
    const auto written = write_parquet(*engine_, every_type(), endless, file_, &cancel);
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code, ErrorCode::kCancelled);
}

TEST_F(WriteParquetTest, QueriesReachNoRowsOfOthers) {
    auto connection = engine_->handle().connect();
    ASSERT_TRUE(connection.ok());
    EXPECT_FALSE(connection->query("SELECT * FROM muster_read_rows(1)").ok());
}

}  // namespace
}  // namespace muster
