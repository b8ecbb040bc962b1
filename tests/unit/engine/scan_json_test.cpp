#include "engine/scan_object.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(ScanJsonTest, WhatIsNotJsonIsAnError) {
    for (const char* text : {"", "{", "[1,", "null", "7"}) {
        EXPECT_FALSE(parse_scan_report(text).ok()) << text;
        EXPECT_FALSE(parse_reasons_json(text).ok()) << text;
    }
}

TEST(ScanJsonTest, ReasonsComeBackAsTheyWere) {
    const std::vector<ReasonText> reasons = {
        {"value.missing", "id", "", "no value"},
        {"record.stray_quote", "", "a\"b\\c\n\x01", "a \"quoted\" message"}};
    const std::string json = reasons_json(reasons);
    EXPECT_NE(json.find("\"column\":null"), std::string::npos);
    const auto back = parse_reasons_json(json);
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(back->size(), 2U);
    EXPECT_EQ((*back)[1].value, reasons[1].value);
    EXPECT_EQ((*back)[1].column, "");
    EXPECT_EQ((*back)[0].column, "id");
}

TEST(ScanJsonTest, ReportsComeBackAsTheyWere) {
    ScanReport report;
    report.table = "items";
    report.object = "a \"b\".csv";
    report.ordinal = 3;
    report.read = 10;
    report.clean = 8;
    report.rejected = 2;
    report.blank_lines = 1;
    report.object_bytes = 99;
    report.content_hash = "00ff";
    report.keys_rising = true;
    report.first_key = "1";
    report.last_key = "10";
    report.rejects_by_code["value.missing"] = 2;
    report.part_keys = {"x/part-0000.parquet"};
    report.rejects_key = "x/rejects-0000.parquet";
    RejectEntry example;
    example.id = RejectId("abc");
    example.line = 4;
    example.raw = std::string("\xff\x00z", 3);
    example.reasons = {{"value.missing", "id", "", "no value"}};
    report.examples = {example};
    const auto back = parse_scan_report(scan_report_json(report));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->object, report.object);
    EXPECT_EQ(back->ordinal, 3U);
    EXPECT_EQ(back->read, 10U);
    EXPECT_TRUE(back->keys_rising);
    EXPECT_EQ(back->last_key, "10");
    EXPECT_EQ(back->rejects_by_code, report.rejects_by_code);
    EXPECT_EQ(back->part_keys, report.part_keys);
    EXPECT_EQ(back->examples.at(0).raw, example.raw);
    EXPECT_EQ(back->examples.at(0).reasons.at(0).column, "id");
    EXPECT_FALSE(back->problem_code.has_value());
    report.problem_code = "file.empty";
    EXPECT_EQ(parse_scan_report(scan_report_json(report))->problem_code, "file.empty");
}

}  // namespace
}  // namespace muster
