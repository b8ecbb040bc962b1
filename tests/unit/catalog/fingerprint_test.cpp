// Fingerprints change with what they stand for, and with nothing else.
#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace muster {
namespace {

Table sample_table() {
    Table table;
    table.name = TableName{"orders"};
    table.path = "orders";
    table.files = "orders*.csv";
    Column id;
    id.name = "id";
    id.type = {TypeKind::kInt64, 0, 0};
    Column note;
    note.name = "note";
    note.nullable = true;
    table.columns = {id, note};
    table.key = {"id"};
    return table;
}

struct Change {
    std::string what;
    std::function<void(Table&)> apply;
};

const std::vector<Change> kSchemaChanges = {
    {"column name", [](Table& t) { t.columns[1].name = "remark"; }},
    {"column type", [](Table& t) { t.columns[0].type.kind = TypeKind::kInt32; }},
    {"decimal scale",
     [](Table& t) {
         t.columns[1].type = {TypeKind::kDecimal, 10, 2};
     }},
    {"column order", [](Table& t) { std::swap(t.columns[0], t.columns[1]); }},
    {"a column more", [](Table& t) { t.columns.push_back(Column{}); }},
    {"key", [](Table& t) { t.key = {"note"}; }},
};

const std::vector<Change> kRuleChanges = {
    {"nullable", [](Table& t) { t.columns[1].nullable = false; }},
    {"keep_empty", [](Table& t) { t.columns[1].keep_empty = true; }},
    {"min", [](Table& t) { t.columns[0].min = Value{std::int64_t{1}}; }},
    {"max", [](Table& t) { t.columns[0].max = Value{std::int64_t{1}}; }},
    {"min_length", [](Table& t) { t.columns[1].min_length = 0; }},
    {"max_length", [](Table& t) { t.columns[1].max_length = 0; }},
    {"pattern", [](Table& t) { t.columns[1].pattern = "a"; }},
    {"one_of", [](Table& t) { t.columns[1].one_of = {Value{std::string{"a"}}}; }},
    {"formats", [](Table& t) { t.columns[1].formats = {"%F"}; }},
    {"policy", [](Table& t) { t.on_duplicate_key = DuplicatePolicy::kFirst; }},
    {"reference",
     [](Table& t) {
         t.references = {{"id", TableName{"x"}}};
     }},
    {"check",
     [](Table& t) {
         t.checks = {{"c", "id > 1"}};
     }},
    {"header", [](Table& t) { t.header = HeaderMode::kAuto; }},
    {"delimiter", [](Table& t) { t.delimiter = ';'; }},
    {"quote", [](Table& t) { t.quote = '\0'; }},
    {"trim", [](Table& t) { t.trim = false; }},
    {"null_values", [](Table& t) { t.null_values = {""}; }},
    {"max_record_bytes", [](Table& t) { t.max_record_bytes = 7; }},
};

const std::vector<Change> kOtherChanges = {
    {"path", [](Table& t) { t.path = "other"; }},
    {"files", [](Table& t) { t.files = "other*.csv"; }},
    {"description", [](Table& t) { t.description = "x"; }},
    {"column description", [](Table& t) { t.columns[0].description = "x"; }},
    {"reject limit", [](Table& t) { t.reject_limit.rows = 5; }},
    {"reject percent", [](Table& t) { t.reject_limit.percent = 0.5; }},
    {"api", [](Table& t) { t.api_allow_null = true; }},
};

std::string catalog_fingerprint(const Table& table) {
    Catalog catalog;
    catalog.tables = {table};
    return catalog.fingerprint();
}

void check(const std::vector<Change>& changes, bool schema_changes, bool rules_change) {
    const Table before = sample_table();
    for (const Change& change : changes) {
        Table after = before;
        change.apply(after);
        EXPECT_EQ(schema_fingerprint(before) != schema_fingerprint(after), schema_changes)
            << change.what;
        EXPECT_EQ(rule_fingerprint(before) != rule_fingerprint(after), rules_change) << change.what;
        EXPECT_NE(catalog_fingerprint(before), catalog_fingerprint(after)) << change.what;
    }
}

TEST(Fingerprint, SchemaChanges) { check(kSchemaChanges, true, true); }

TEST(Fingerprint, RuleChanges) { check(kRuleChanges, false, true); }

TEST(Fingerprint, OtherChangesConcernTheCatalogOnly) { check(kOtherChanges, false, false); }

TEST(Fingerprint, IsStableAcrossReleases) {
    EXPECT_EQ(schema_fingerprint(sample_table()), "1e6298843ea1597e243a3c0becfba823");
    EXPECT_EQ(rule_fingerprint(sample_table()), "fda291bfe52dea18ab301171a9947137");
    EXPECT_EQ(catalog_fingerprint(sample_table()), "f67ef2cc4fd846d1d482299f3cda9f9f");
}

TEST(Fingerprint, PartsDoNotRunTogether) {
    Table one = sample_table();
    one.null_values = {"a", "b"};
    Table other = sample_table();
    other.null_values = {"ab"};
    Table third = sample_table();
    third.null_values = {"a,1:b"};
    EXPECT_NE(rule_fingerprint(one), rule_fingerprint(other));
    EXPECT_NE(rule_fingerprint(one), rule_fingerprint(third));
}

TEST(Fingerprint, ReportsAndSettingsCount) {
    const Catalog before;
    const std::vector<std::function<void(Catalog&)>> changes = {
        [](Catalog& c) { c.name = "x"; },
        [](Catalog& c) { c.data_dir = "x"; },
        [](Catalog& c) { c.warehouse_url = "x"; },
        [](Catalog& c) { c.retention.clean_runs = 9; },
        [](Catalog& c) { c.reports.emplace_back(); },
        [](Catalog& c) { c.reports.emplace_back().sql = "SELECT 1"; },
        [](Catalog& c) { c.reports.emplace_back().chart.emplace(); },
        [](Catalog& c) {
            c.reports.emplace_back().aliases.push_back({"/x", {}});
        },
    };
    std::vector<std::string> fingerprints{before.fingerprint()};
    for (const auto& change : changes) {
        Catalog after = before;
        change(after);
        fingerprints.push_back(after.fingerprint());
    }
    for (std::size_t i = 0; i < fingerprints.size(); ++i) {
        EXPECT_EQ(fingerprints[i].size(), 32U);
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_NE(fingerprints[i], fingerprints[j]) << i << " " << j;
        }
    }
}

}  // namespace
}  // namespace muster
