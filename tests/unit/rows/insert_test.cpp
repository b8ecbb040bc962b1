#include "core/limits.h"

#include <algorithm>
#include <future>

#include "rows_fixture.h"

namespace muster {
namespace {

class InsertTest : public RowsTest {
  protected:
    std::string upsert(const std::string& table_name, const std::string& body) {
        InsertRequest made = request(table_name, body);
        made.mode = WriteMode::kUpsert;
        return insert(made);
    }
    std::string lenient(const std::string& table_name, const std::string& body) {
        InsertRequest made = request(table_name, body);
        made.lenient = true;
        return insert(made);
    }
    InsertRequest with_key(const std::string& body, const std::string& hash) {
        InsertRequest made = request("parents", body);
        made.idempotency = IdempotencyKey{"ann POST /parents", "k1", hash};
        made.answer = [](const InsertOutcome& outcome) {
            return StoredAnswer{201, "", "inserted " + std::to_string(outcome.result.inserted)};
        };
        return made;
    }
    std::vector<std::string> items() { return rows_of("SELECT * FROM items ORDER BY id"); }
};

TEST_F(InsertTest, WhatIsNoListOfRowsIsAUsageError) {
    const std::vector<std::string> bodies = {"", "[]", "7", "[1]", "{", R"([{"id":1},])"};
    for (const std::string& body : bodies) {
        EXPECT_TRUE(insert("parents", body).starts_with("usage ")) << body;
    }
    std::string many = "[";
    for (std::size_t i = 0; i < kRowsPerRequestMax; ++i) {
        many += (i == 0 ? "" : ",") + std::string("{\"id\":") + std::to_string(i) + "}";
    }
    EXPECT_TRUE(insert("parents", many + ",{\"id\":-1}]").starts_with("usage "));
    EXPECT_EQ(rows_of("SELECT count(*) FROM parents"), std::vector<std::string>{"0"});
    EXPECT_EQ(insert("parents", many + "]"), "1000+0+0-0");
    EXPECT_EQ(rows_of("SELECT count(*) FROM parents"), std::vector<std::string>{"1000"});
}

TEST_F(InsertTest, OneBadRowKeepsAllOut) {
    ASSERT_EQ(insert("parents", R"([{"id":1},{"id":2}])"), "2+0+0-0");
    EXPECT_EQ(insert("parents", R"([{"id":3},{"id":2},{"id":3},{"id":"x"}])"),
              "0+0+0-0 1:key.exists:id 2:key.duplicate:id 3:value.wrong_type:id");
    EXPECT_EQ(insert("items", R"([{"id":1,"name":"a","parent_id":1},
                                  {"id":2,"name":"b","parent_id":9}])"),
              "0+0+0-0 1:reference.missing:parent_id");
    EXPECT_EQ(items(), std::vector<std::string>{});
    EXPECT_EQ(insert("items", R"({"id":1,"name":" a ","parent_id":1})"), "1+0+0-0");
    EXPECT_EQ(items(), std::vector<std::string>{"1|a|1"});
}

TEST_F(InsertTest, NullsPassOnlyWhereTheTableAllowsThem) {
    EXPECT_EQ(insert("items", R"({"id":1,"name":null})"),
              "0+0+0-0 0:value.missing:name 0:value.missing:parent_id");
    table("items").api_allow_null = true;
    EXPECT_EQ(insert("items", R"({"id":1,"name":null})"), "1+0+0-0");
    EXPECT_EQ(insert("items", R"({"name":"a"})"), "0+0+0-0 0:value.missing:id");
    EXPECT_EQ(items(), std::vector<std::string>{"1|NULL|NULL"});
}

TEST_F(InsertTest, LenientKeepsTheGoodRowsAndStoresTheBadOnes) {
    ASSERT_EQ(insert("parents", R"({"id":1})"), "1+0+0-0");
    const std::string body = R"([{"id":1,"name":"a","parent_id":1}, {"id":2,"name":"b"},
        {"id":3,"name":"c","parent_id":7}, {"id":1,"name":"d","parent_id":1}])";
    const std::string expected =
        "1+0+0-3 1:value.missing:parent_id 2:reference.missing:parent_id 3:key.duplicate:id";
    EXPECT_EQ(lenient("items", body), expected);
    EXPECT_EQ(items(), std::vector<std::string>{"1|a|1"});
    RejectFilter filter;
    filter.table = "items";
    std::vector<std::string> found;
    const auto note = [&found](const RejectEntry& reject) {
        found.push_back(reject.pointer + " " + reject.run_id + " " + reject.object + " " +
                        reject.raw + " " + reject.reasons.front().code);
        return Result<void>();
    };
    ASSERT_TRUE(warehouse_->rejects(filter, note).ok());
    std::sort(found.begin(), found.end());
    const std::string place = " request-1 POST /items ";
    EXPECT_EQ(found,
              (std::vector<std::string>{
                  "/1" + place + R"({"id":2,"name":"b"} value.missing)",
                  "/2" + place + R"({"id":3,"name":"c","parent_id":7} reference.missing)",
                  "/3" + place + R"({"id":1,"name":"d","parent_id":1} key.duplicate)"}));
    // The same rows again are the same rejects.
    EXPECT_EQ(lenient("items", body).substr(0, 7), "0+0+0-4");
    found.clear();
    ASSERT_TRUE(warehouse_->rejects(filter, note).ok());
    EXPECT_EQ(found.size(), 4U);
}

TEST_F(InsertTest, AnUpsertTellsWhatChanged) {
    ASSERT_EQ(insert("parents", R"([{"id":1},{"id":2}])"), "2+0+0-0");
    ASSERT_EQ(insert("items", R"([{"id":1,"name":"a","parent_id":1},
                                  {"id":2,"name":"b","parent_id":1}])"),
              "2+0+0-0");
    const auto version = warehouse_->data_version();
    EXPECT_EQ(upsert("items", R"([{"id":1,"name":"a","parent_id":1},
                                  {"id":2,"name":"b","parent_id":2},
                                  {"id":3,"name":"c","parent_id":2}])"),
              "1+1+1-0");
    EXPECT_EQ(items(), (std::vector<std::string>{"1|a|1", "2|b|2", "3|c|2"}));
    EXPECT_EQ(warehouse_->data_version(), version + 1);
    EXPECT_EQ(upsert("items", R"({"id":1,"name":"a","parent_id":1})"), "0+0+1-0");
    EXPECT_EQ(warehouse_->data_version(), version + 1);
    EXPECT_EQ(warehouse_->table_version(TableName("items")).value(), 2);
    EXPECT_EQ(upsert("items", R"([{"id":5,"name":"a","parent_id":1},
                                  {"id":5,"name":"b","parent_id":1}])"),
              "0+0+0-0 1:key.duplicate:id");
}

TEST_F(InsertTest, ARepeatedRequestGetsTheStoredAnswer) {
    EXPECT_EQ(insert(with_key(R"({"id":1})", "h1")), "1+0+0-0");
    EXPECT_EQ(insert(with_key(R"({"id":1})", "h1")), "replayed 201 inserted 1");
    EXPECT_EQ(insert(with_key(R"({"id":2})", "h2")), "conflict");
    restart();
    EXPECT_EQ(insert(with_key(R"({"id":1})", "h1")), "replayed 201 inserted 1");
    clock_.advance_seconds(kIdempotencySeconds + 1);
    EXPECT_EQ(insert(with_key(R"({"id":2})", "h2")), "1+0+0-0");
    EXPECT_EQ(rows_of("SELECT id FROM parents ORDER BY id"), (std::vector<std::string>{"1", "2"}));
}

TEST_F(InsertTest, ARefusedRequestLeavesNoAnswer) {
    EXPECT_EQ(insert(with_key(R"({"id":"x"})", "h1")), "0+0+0-0 0:value.wrong_type:id");
    EXPECT_EQ(insert(with_key(R"({"id":1})", "h2")), "1+0+0-0");
}

TEST_F(InsertTest, TheAuditEntryIsStoredWithTheRows) {
    InsertRequest made = request("parents", R"({"id":1})");
    made.audit = AuditEntry{.user = "ann", .action = "rows.insert", .request_id = "r1"};
    ASSERT_EQ(insert(made), "1+0+0-0");
    ASSERT_EQ(insert(made), "0+0+0-0 0:key.exists:id");
    EXPECT_EQ(rows_of("SELECT user_name, action, request_id FROM muster.audit"),
              std::vector<std::string>{"ann|rows.insert|r1"});
}

TEST_F(InsertTest, RowChecksHoldForRequestsToo) {
    table("items").checks = {{"named", "name <> 'bad'"}, {"finite", "CAST(name AS INT) > 0"}};
    ASSERT_EQ(insert("parents", R"({"id":1})"), "1+0+0-0");
    EXPECT_EQ(insert("items", R"([{"id":1,"name":"bad","parent_id":1},
                                  {"id":2,"name":"7","parent_id":1},
                                  {"id":3,"name":"-7","parent_id":1}])"),
              "0+0+0-0 0:row.check: 0:row.check: 2:row.check:");
    EXPECT_EQ(insert("items", R"({"id":2,"name":"7","parent_id":1})"), "1+0+0-0");
}

TEST_F(InsertTest, ATableMayReferToItself) {
    Catalog catalog = catalog_;
    Table nodes;
    nodes.name = TableName("nodes");
    nodes.columns = {column("id", TypeKind::kInt64), column("up", TypeKind::kInt64, true)};
    nodes.key = {"id"};
    nodes.references = {{"up", TableName("nodes")}};
    nodes.api_allow_null = true;
    catalog.tables.push_back(nodes);
    use(catalog);
    EXPECT_EQ(insert("nodes", R"([{"id":1,"up":2},{"id":2,"up":1}])"), "2+0+0-0");
    EXPECT_EQ(insert("nodes", R"([{"id":3,"up":1},{"id":4,"up":9}])"),
              "0+0+0-0 1:reference.missing:up");
    // 6 goes because 5 goes because 9 is not there.
    EXPECT_EQ(lenient("nodes", R"([{"id":6,"up":5},{"id":5,"up":9},{"id":7,"up":2}])"),
              "1+0+0-2 0:reference.missing:up 1:reference.missing:up");
}

TEST_F(InsertTest, AHeldGateIsBusyAfterAWhile) {
    RowWrite write;
    write.rows = {{std::int64_t{1}}};
    write.indexes = {0};
    const RowWrite* group[] = {&write};
    std::string code;
    InsertRequest made = request("parents", R"({"id":7})");
    made.idempotency = IdempotencyKey{"s", "k", "h"};
    made.answer = [&](const InsertOutcome&) {  // runs under the gate
        auto done = std::async(std::launch::async, [&] {
            return warehouse_->row_tables().write(table("parents"), group, 0);
        });
        const auto result = done.get();
        code = result.ok() ? "written" : error_code_name(result.error().code);
        return StoredAnswer{};
    };
    EXPECT_EQ(insert(made), "1+0+0-0");
    EXPECT_EQ(code, "busy");
    EXPECT_TRUE(warehouse_->row_tables().write(table("parents"), group, 0).ok());
}

}  // namespace
}  // namespace muster
