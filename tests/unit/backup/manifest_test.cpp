#include "backup/manifest.h"

#include "storage/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace muster {
namespace {

using testing::HasSubstr;

BackupManifest example() {
    BackupManifest manifest;
    manifest.name = "jobs-20261122T101530Z-7f3a";
    manifest.table = {
        "jobs",
        {{"id", {TypeKind::kInt64, 0, 0}, false}, {"price", {TypeKind::kDecimal, 38, 10}, true}}};
    manifest.key = {"id"};
    manifest.schema_fingerprint = "f";
    manifest.content.rows = 3;
    manifest.content.checksum.sum = static_cast<Uint128>(1) << 100U;
    manifest.first_key = "1";
    manifest.last_key = "\"3\"\n";
    manifest.table_version = 9;
    manifest.last_run = "";
    manifest.run_id = "20261122T101530Z-7f3a09bc";
    manifest.created_at = "2026-11-22T10:15:30Z";
    manifest.program = "muster 0.1.0";
    manifest.files = {{"data-0000.parquet", BackupFormat::kParquet, 3, 400, std::string(64, 'a')},
                      {"data-0000.avro", BackupFormat::kAvro, 3, 500, std::string(64, 'b')}};
    return manifest;
}

// With a digest that is right again.
std::string sealed(const std::string& text) {
    const std::string head = R"(,"manifest_sha256":")";
    const std::string body = text.substr(0, text.rfind(head));
    return body + head + sha256_hex(body) + "\"}\n";
}

std::string replaced(const std::string& from, const std::string& to) {
    std::string text = manifest_json(example());
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return sealed(text.replace(at, from.size(), to));
}

TEST(ManifestTest, ReadsWhatItWrote) {
    const BackupManifest before = example();
    const auto after = parse_manifest(manifest_json(before));
    ASSERT_TRUE(after.ok()) << after.error().message;
    EXPECT_EQ(manifest_json(*after), manifest_json(before));
    EXPECT_EQ(after->table, before.table);
    EXPECT_EQ(after->content, before.content);
    EXPECT_EQ(after->files[1].format, BackupFormat::kAvro);
    EXPECT_EQ(after->last_key, before.last_key);
}

TEST(ManifestTest, EveryByteIsUnderTheDigest) {
    const std::string whole = manifest_json(example());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string text = whole;
        text[i] = static_cast<char>(text[i] ^ 1);
        const auto parsed = parse_manifest(text);
        ASSERT_FALSE(parsed.ok()) << "byte " << i;
        EXPECT_EQ(parsed.error().code, ErrorCode::kVerification);
    }
}

TEST(ManifestTest, EveryLengthIsUnderTheDigest) {
    const std::string whole = manifest_json(example());
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        EXPECT_FALSE(parse_manifest(whole.substr(0, bytes)).ok()) << bytes;
    }
    EXPECT_FALSE(parse_manifest(whole + " ").ok());
}

struct Forged {
    std::string from;
    std::string to;
    std::string problem;
};
class ForgedTest : public testing::TestWithParam<Forged> {};

TEST_P(ForgedTest, IsRefusedWithItsReason) {
    const auto parsed = parse_manifest(replaced(GetParam().from, GetParam().to));
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, ErrorCode::kVerification);
    EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Members,
    ForgedTest,
    testing::Values(
        Forged{R"("format":1)", R"("format":2)", "format 2"},
        Forged{R"("rows":3)", R"("rows":"3")", "'rows'"},
        Forged{R"("key":["id"])", R"("key":[1])", "key"},
        Forged{R"("type":"int64")", R"("type":"int65")", "type"},
        Forged{R"("data-0000.parquet")", R"("../x-0000.parquet")", "no name"},
        Forged{R"("data-0000.avro")", R"("data-.avro")", "no name"},
        Forged{R"("format":"avro")", R"("format":"orc")", "orc"},
        Forged{R"(,"format":"parquet","rows":3)", R"(,"format":"avro","rows":3)", "no name"},
        Forged{R"("run_id")", R"("run_ID")", "'run_id'"},
        Forged{R"({"format":1)", R"([{"format":1)", "JSON"}));

}  // namespace
}  // namespace muster
