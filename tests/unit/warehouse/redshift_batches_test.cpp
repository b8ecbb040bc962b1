// Statements for many items: none is longer than the Data API takes, and none has more parameters.
#include "warehouse/redshift/batches.h"
#include "warehouse/redshift/data_api.h"
#include "warehouse/redshift/data_session.h"
#include "warehouse/redshift/data_values.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/insert_rows.h"
#include "warehouse/redshift/rows_sql.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace muster::redshift {
namespace {

struct Sent {
    std::size_t bytes = 0;
    std::vector<std::string> values;
};

// Keeps what it is sent.
class Listener final : public PgRemote {
  public:
    explicit Listener(std::vector<Sent>& sent) : sent_(sent) {}
    Result<PgRows> run(const std::string& sql,
                       const PgParams& params,
                       const CancelToken*) override {
        const DataSql named = name_parameters(sql, params);
        Sent& one = sent_.emplace_back();
        one.bytes = named.sql.size();
        for (const auto& [name, value] : named.parameters) {
            one.bytes += value.size();
        }
        for (const PgParams::Param& param : params.list()) {
            one.values.push_back(param.bytes);
        }
        PgTable table;
        table.rows_changed = rows_changed;
        return PgRows(std::move(table));
    }
    Result<std::unique_ptr<PgPages>> open(const std::string&,
                                          const PgParams&,
                                          const CancelToken*) override {
        return Error{ErrorCode::kInternal, "no streams here", "", ""};
    }
    const std::string& sqlstate() const override { return none_; }
    bool usable() const override { return true; }
    bool idle() const override { return true; }
    bool ended() const override { return false; }
    const std::string& place() const override { return none_; }

    std::int64_t rows_changed = 0;

  private:
    std::vector<Sent>& sent_;
    const std::string none_;
};

class RedshiftBatches : public testing::Test {
  protected:
    RedshiftBatches() {
        PgOptions options;
        options.dialect = &data_dialect();
        options.remote = [this](const CancelToken*) -> Result<std::unique_ptr<PgRemote>> {
            auto made = std::make_unique<Listener>(sent_);
            listener_ = made.get();
            return std::unique_ptr<PgRemote>(std::move(made));
        };
        connection_ = PgConnection::open(options, nullptr).value();
    }

    // That all of them were sent, once and in their order, in statements that are not too long.
    void expect_sent(const std::vector<std::string>& values, std::size_t head = 0) {
        std::vector<std::string> all;
        for (const Sent& one : sent_) {
            EXPECT_LE(one.bytes, kDataStatementBytesMax);
            EXPECT_LE(one.values.size(), data_dialect().params_max);
            all.insert(all.end(),
                       one.values.begin() + static_cast<std::ptrdiff_t>(head),
                       one.values.end());
        }
        EXPECT_EQ(all, values);
    }

    std::vector<Sent> sent_;
    Listener* listener_ = nullptr;
    std::unique_ptr<PgConnection> connection_;
};

Table with_text_key(const std::vector<std::string>& key) {
    Table table;
    table.name = TableName("places");
    table.key = key;
    for (const std::string& name : key) {
        Column& column = table.columns.emplace_back();
        column.name = name;
        column.type.kind = TypeKind::kString;
    }
    return table;
}

TEST_F(RedshiftBatches, KeysOfTextsAreCutByTheLengthOfTheStatement) {
    const Table table = with_text_key({"a_rather_long_name_of_a_column", "another_name"});
    for (const std::size_t length : {0U, 1U, 40U, 30'000U}) {
        sent_.clear();
        std::vector<std::string> values;
        for (std::size_t i = 0; i < 1'000; ++i) {
            values.push_back(std::string(length, static_cast<char>('a' + i % 26)));
        }
        ASSERT_TRUE(run_batches(*connection_,
                                values.size() / 2,
                                {.sql = [&](std::size_t keys) { return select_keys(table, keys); },
                                 .head = {},
                                 .add =
                                     [&](std::size_t key, PgParams& params) {
                                         params.add(values[2 * key]).add(values[2 * key + 1]);
                                     },
                                 .items_max = 500})
                        .ok());
        expect_sent(values);
        EXPECT_LE(sent_.size(), length > 100 ? 500U : 3U) << length;
    }
}

TEST_F(RedshiftBatches, NamesAreAsManyAsFit) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < 2'500; ++i) {
        names.push_back("folder/" + std::string(i < 1'000 ? 1'000 : 10, 'x') + std::to_string(i));
    }
    std::size_t done = 0;
    const BatchedStatement statement{
        .sql = delete_objects,
        .head = PgParams().add("places"),
        .add = [&](std::size_t name, PgParams& params) { params.add(names[name]); }};
    ASSERT_TRUE(run_batches(*connection_,
                            names.size(),
                            statement,
                            [&done](PgRows& /*result*/, std::size_t count) -> Result<void> {
                                done += count;
                                return {};
                            })
                    .ok());
    EXPECT_EQ(done, names.size());
    expect_sent(names, 1);
    EXPECT_TRUE(std::all_of(sent_.begin(), sent_.end(), [](const Sent& one) {
        return one.values.front() == "places";
    }));
    EXPECT_LE(sent_.size(), 14U);
}

TEST_F(RedshiftBatches, OneItemIsSentHoweverLongItIs) {
    const std::vector<std::string> values{"a", std::string(kDataStatementBytesMax, 'b'), "c"};
    const Table table = with_text_key({"code"});
    ASSERT_TRUE(
        run_batches(*connection_,
                    values.size(),
                    {.sql = [&](std::size_t keys) { return delete_keys(table, keys); },
                     .head = {},
                     .add = [&](std::size_t key, PgParams& params) { params.add(values[key]); }})
            .ok());
    ASSERT_EQ(sent_.size(), 3U);
    EXPECT_EQ(sent_[1].values, std::vector<std::string>{values[1]});
    sent_.clear();
    ASSERT_TRUE(run_batches(*connection_, 0, {}).ok());
    EXPECT_TRUE(sent_.empty());
}

TEST_F(RedshiftBatches, RowsAreBuiltOnceAndCounted) {
    std::size_t built = 0;
    listener_->rows_changed = 25;
    const auto add = [&built](std::size_t row, PgParams& params) {
        ++built;
        params.add(static_cast<std::int64_t>(row)).add(std::string(3'850, 'x')).add_null();
    };
    const std::vector<std::string> types{"BIGINT", "VARCHAR(65535)", "INTEGER"};
    ASSERT_TRUE(insert_rows(*connection_, "t", types, 50, add).ok());
    EXPECT_EQ(built, 50U);
    ASSERT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_[1].values[0], "25");
    EXPECT_LE(std::max(sent_[0].bytes, sent_[1].bytes), kDataStatementBytesMax);
    EXPECT_FALSE(insert_rows(*connection_, "t", types, 3, add).ok());
}

}  // namespace
}  // namespace muster::redshift
