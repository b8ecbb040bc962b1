#include "archive/avro_format.h"

#include "core/limits.h"

#include <gmock/gmock.h>

#include "archive_rows.h"

namespace muster {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ArchiveTable with_columns(std::vector<ArchiveColumn> columns) { return {"t", std::move(columns)}; }

constexpr ColumnType kString{TypeKind::kString, 0, 0};

TEST(AvroSchemaTest, NamesThatCopyWouldNotFindAreRefused) {
    for (const char* name : {"", "Id", "1d", "a b", "a-b", "\u00e9t\u00e9", "a.b", "a\"b"}) {
        const auto of_column = avro_schema(with_columns({{name, kString, false}}));
        EXPECT_EQ(of_column.error().code, ErrorCode::kUsage) << name;
        const auto of_table = avro_schema({name, {{"a", kString, false}}});
        EXPECT_EQ(of_table.error().code, ErrorCode::kUsage) << name;
    }
}

TEST(AvroSchemaTest, ATableWithoutColumnsOrWithOneTwiceIsRefused) {
    EXPECT_EQ(avro_schema(with_columns({})).error().code, ErrorCode::kUsage);
    const auto twice = avro_schema(with_columns({{"a", kString, false}, {"a", kString, true}}));
    EXPECT_EQ(twice.error().code, ErrorCode::kUsage);
    EXPECT_THAT(twice.error().message, HasSubstr("column a twice"));
}

TEST(AvroSchemaTest, NullableColumnsAreUnionsWithNullFirst) {
    const ArchiveTable table{
        "t",
        {{"id", {TypeKind::kInt64, 0, 0}, false}, {"price", {TypeKind::kDecimal, 10, 2}, true}}};
    const std::string id = R"({"name":"id","doc":"int64","type":"long"})";
    const std::string price = R"j({"name":"price","doc":"decimal(10,2)",)j"
                              R"j("type":["null","string"],"default":null})j";
    EXPECT_EQ(*avro_schema(table),
              R"({"type":"record","name":"t","fields":[)" + id + "," + price + "]}");
}

TEST(AvroSchemaTest, EachTypeHasItsOwn) {
    const std::string schema = *avro_schema(every_type());
    for (const char* part : {R"("id","doc":"int64","type":"long")",
                             R"("small","doc":"int32","type":["null","int"])",
                             R"("real","doc":"double","type":["null","double"])",
                             R"("truth","doc":"bool","type":["null","boolean"])",
                             R"("text","doc":"string","type":["null","string"])",
                             R"("day","doc":"date","type":["null","string"])",
                             R"("at","doc":"timestamp","type":["null","string"])"}) {
        EXPECT_THAT(schema, HasSubstr(part));
    }
}

TEST(AvroHeaderTest, AHeaderAboveTheLimitIsAConflict) {
    const auto columns = [](std::size_t count) {
        std::vector<ArchiveColumn> made;
        for (std::size_t i = 0; i < count; ++i) {
            made.push_back({"c" + std::to_string(10'000'000 + i), kString, false});
        }
        return with_columns(std::move(made));
    };
    const std::size_t one = avro_header(columns(11), AvroCodec::kNull, kTestSync)->size() -
                            avro_header(columns(10), AvroCodec::kNull, kTestSync)->size();
    const std::size_t count = kAvroHeaderBytesMax / one + 1;
    const auto header = avro_header(columns(count), AvroCodec::kNull, kTestSync);
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error().code, ErrorCode::kConflict);
    EXPECT_THAT(header.error().hint, HasSubstr("Parquet"));
    const auto largest = avro_header(columns(count - 2), AvroCodec::kNull, kTestSync);
    ASSERT_TRUE(largest.ok());
    EXPECT_LE(largest->size(), kAvroHeaderBytesMax);
}

TEST(AvroHeaderTest, ItBeginsWithTheMagicAndEndsWithTheSyncMarker) {
    const std::string header = *avro_header(every_type(), AvroCodec::kSnappy, kTestSync);
    EXPECT_THAT(header, StartsWith(std::string("Obj\x01\x04\x16", 6) + "avro.schema"));
    EXPECT_THAT(header, HasSubstr("avro.codec\x0csnappy"));
    EXPECT_EQ(header.substr(header.size() - 16), std::string(kTestSync.data(), kTestSync.size()));
}

TEST(AvroHeaderTest, EachFileHasASyncMarkerOfItsOwn) {
    EXPECT_NE(new_avro_sync(), new_avro_sync());
}

TEST(AvroCodecTest, ThreeNamesAreKnown) {
    for (const char* name : {"null", "deflate", "snappy"}) {
        EXPECT_EQ(avro_codec_name(*parse_avro_codec(name)), name);
    }
    for (const char* name : {"", "Deflate", "zstandard", "bzip2", "xz"}) {
        EXPECT_EQ(parse_avro_codec(name).error().code, ErrorCode::kUsage) << name;
    }
}

class EachAvroCodecTest : public testing::TestWithParam<AvroCodec> {};

TEST_P(EachAvroCodecTest, WhatIsStoredIsRestored) {
    std::string noise;
    for (std::uint32_t i = 0, state = 1; i < 100'000; ++i) {
        state = state * 1'664'525 + 1'013'904'223;
        noise += static_cast<char>(state >> 24U);
    }
    for (const std::string& raw :
         {std::string(), std::string("a"), std::string(kAvroBlockBytesMax, 'x'), noise}) {
        const auto stored = avro_compress(GetParam(), raw);
        ASSERT_TRUE(stored.ok());
        ByteBuffer restored;
        restored.append("left from before");
        ASSERT_TRUE(avro_decompress(GetParam(), *stored, restored).ok());
        EXPECT_EQ(restored.view(), raw);
    }
}

TEST_P(EachAvroCodecTest, DataAboveTheLimitIsRefused) {
    const auto stored = avro_compress(GetParam(), std::string(kAvroBlockBytesMax + 1, 'x'));
    ASSERT_TRUE(stored.ok());
    ByteBuffer restored;
    const auto done = avro_decompress(GetParam(), *stored, restored);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kVerification);
    EXPECT_THAT(done.error().message, HasSubstr("larger than"));
}

INSTANTIATE_TEST_SUITE_P(All,
                         EachAvroCodecTest,
                         testing::Values(AvroCodec::kNull,
                                         AvroCodec::kDeflate,
                                         AvroCodec::kSnappy));

TEST(AvroCodecTest, DeflatedDataMustEndWhereItEnds) {
    const std::string stored = *avro_compress(AvroCodec::kDeflate, std::string(1000, 'x'));
    ByteBuffer restored;
    EXPECT_THAT(avro_decompress(AvroCodec::kDeflate, stored + "y", restored).error().message,
                HasSubstr("1 bytes follow"));
    EXPECT_THAT(avro_decompress(AvroCodec::kDeflate, stored.substr(0, stored.size() - 1), restored)
                    .error()
                    .message,
                HasSubstr("cut off"));
    EXPECT_FALSE(avro_decompress(AvroCodec::kDeflate, "", restored).ok());
}

TEST(AvroCodecTest, SnappyDataMustHaveItsCrc) {
    std::string stored = *avro_compress(AvroCodec::kSnappy, "some text");
    ByteBuffer restored;
    EXPECT_THAT(avro_decompress(AvroCodec::kSnappy, "abc", restored).error().message,
                HasSubstr("too short"));
    EXPECT_FALSE(avro_decompress(AvroCodec::kSnappy, std::string(4, '\0'), restored).ok());
    stored.back() ^= 1;
    EXPECT_THAT(avro_decompress(AvroCodec::kSnappy, stored, restored).error().message,
                HasSubstr("CRC"));
}

// The CRC-32 of "123456789" is the check value of the polynomial's catalogue.
TEST(AvroCodecTest, TheCrcIsBigEndian) {
    const std::string stored = *avro_compress(AvroCodec::kSnappy, "123456789");
    EXPECT_EQ(stored.substr(stored.size() - 4), "\xCB\xF4\x39\x26");
}

}  // namespace
}  // namespace muster
