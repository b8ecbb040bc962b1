#include "archive/avro_writer.h"

#include "core/limits.h"

#include <gmock/gmock.h>

#include <cmath>

#include "archive_rows.h"

namespace muster {
namespace {

using testing::HasSubstr;

const ArchiveTable kTexts{"texts", {{"text", {TypeKind::kString, 0, 0}, false}}};

// A row of kTexts whose encoding has this size.
std::string text_of_row_bytes(std::size_t bytes) {
    // Lengths of more than 2^20 take four bytes.
    return std::string(bytes - 4, 'x');
}

Result<void> add_text(AvroBlockBuilder& builder, const std::string& text) {
    builder.add_string(text);
    return builder.end_row(hash_row(kTexts, {text}));
}

TEST(AvroBlockBuilderTest, ARowAboveTheLimitIsAConflict) {
    for (const std::size_t bytes :
         {AvroBlockBuilder::kRawBytesMax, AvroBlockBuilder::kRawBytesMax + 1}) {
        AvroBlockBuilder builder(kTexts);
        const auto added = add_text(builder, text_of_row_bytes(bytes));
        EXPECT_EQ(added.ok(), bytes == AvroBlockBuilder::kRawBytesMax);
        if (!added.ok()) {
            EXPECT_EQ(added.error().code, ErrorCode::kConflict);
            EXPECT_THAT(added.error().message, HasSubstr("a row of table texts takes"));
        }
    }
}

TEST(AvroBlockBuilderTest, ARowThatDoesNotFitBeginsTheNextBlock) {
    AvroBlockBuilder builder(kTexts);
    ASSERT_TRUE(add_text(builder, "first").ok());
    ASSERT_FALSE(builder.full());
    const std::string large = text_of_row_bytes(AvroBlockBuilder::kRawBytesMax);
    ASSERT_TRUE(add_text(builder, large).ok());
    ASSERT_TRUE(builder.full());
    const AvroBlock first = builder.take();
    EXPECT_EQ(first.content, content_of(kTexts, {{std::string("first")}}));
    EXPECT_EQ(first.bytes.size(), 6U);
    ASSERT_TRUE(builder.full());
    const AvroBlock second = builder.take();
    EXPECT_EQ(second.content, content_of(kTexts, {{large}}));
    EXPECT_EQ(second.bytes.size(), AvroBlockBuilder::kRawBytesMax);
    EXPECT_TRUE(builder.empty());
    EXPECT_TRUE(avro_seal(kTexts, AvroCodec::kNull, kTestSync, second).ok());
}

TEST(AvroBlockBuilderTest, ABlockIsFullAtItsTarget) {
    AvroBlockBuilder builder(kTexts);
    ASSERT_TRUE(add_text(builder, std::string(kAvroBlockBytesTarget - 4, 'x')).ok());
    EXPECT_FALSE(builder.full());
    ASSERT_TRUE(add_text(builder, "").ok());
    EXPECT_TRUE(builder.full());
}

TEST(AvroBlockBuilderTest, ADateBeyondItsTextIsAnError) {
    const ArchiveTable table{"t", {{"day", {TypeKind::kDate, 0, 0}, true}}};
    AvroBlockBuilder builder(table);
    builder.add_date(2'932'897);
    const auto ended = builder.end_row(0);
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, ErrorCode::kVerification);
    EXPECT_THAT(ended.error().message, HasSubstr("1 to 9999"));
}

TEST(AvroBlockBuilderDeathTest, NullInAColumnThatHasNoneIsABug) {
    AvroBlockBuilder builder(kTexts);
    EXPECT_DEATH(builder.add_null(), "nullable");
}

TEST(AvroSealTest, ABlockThatDoesNotReadBackIsAnInternalError) {
    AvroBlockBuilder builder(kTexts);
    builder.add_string("what was encoded");
    ASSERT_TRUE(builder.end_row(hash_row(kTexts, {std::string("what was to be encoded")})).ok());
    const auto wrong_hash = avro_seal(kTexts, AvroCodec::kDeflate, kTestSync, builder.take());
    ASSERT_FALSE(wrong_hash.ok());
    EXPECT_EQ(wrong_hash.error().code, ErrorCode::kInternal);
    EXPECT_THAT(wrong_hash.error().message, HasSubstr("encoded wrongly"));

    ASSERT_TRUE(add_text(builder, "\xFF").ok());
    const auto no_text = avro_seal(kTexts, AvroCodec::kDeflate, kTestSync, builder.take());
    EXPECT_EQ(no_text.error().code, ErrorCode::kInternal);
    EXPECT_THAT(no_text.error().detail, HasSubstr("UTF-8"));
}

TEST(AvroWriterTest, TheErrorOfTheSinkIsHandedOn) {
    std::size_t calls = 0;
    const std::size_t fails_at = 1;
    const auto sink = [&](std::string_view) -> Result<void> {
        if (calls++ == fails_at) {
            return Error{ErrorCode::kIo, "the disk is full", "", ""};
        }
        return {};
    };
    auto writer = AvroWriter::open(kTexts, AvroCodec::kNull, kTestSync, sink);
    ASSERT_TRUE(writer.ok());
    writer->row().add_string("a");
    ASSERT_TRUE(writer->end_row(hash_row(kTexts, {std::string("a")})).ok());
    EXPECT_EQ(writer->finish().error().message, "the disk is full");
    calls = fails_at;
    EXPECT_FALSE(AvroWriter::open(kTexts, AvroCodec::kNull, kTestSync, sink).ok());
}

TEST(AvroWriterTest, ATableWithoutRowsIsAHeader) {
    std::string file;
    const auto sink = [&file](std::string_view bytes) {
        file += bytes;
        return Result<void>();
    };
    auto writer = AvroWriter::open(kTexts, AvroCodec::kNull, kTestSync, sink);
    EXPECT_EQ(*writer->finish(), FileContent{});
    EXPECT_EQ(file, *avro_header(kTexts, AvroCodec::kNull, kTestSync));
    EXPECT_EQ(*avro_file_content(kTexts, source_of(file)), FileContent{});
}

class AvroRoundTripTest : public testing::TestWithParam<AvroCodec> {};

TEST_P(AvroRoundTripTest, EveryTypeReadsBack) {
    const ArchiveTable table = every_type();
    std::vector<Row> rows = edge_rows();
    const std::vector<Row> more = random_rows(4, 3'000);
    rows.insert(rows.end(), more.begin(), more.end());
    const auto file = write_avro(table, rows, GetParam(), 700);
    ASSERT_TRUE(file.ok()) << file.error().message;
    const auto back = read_avro(table, *file);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_TRUE(*back == rows);
    EXPECT_TRUE(std::signbit(std::get<double>((*back)[3][7])));
    EXPECT_EQ(*avro_file_content(table, source_of(*file)), content_of(table, rows));
}

TEST_P(AvroRoundTripTest, BlocksStayBelowTheirLimit) {
    std::string file;
    std::size_t largest = 0;
    const auto sink = [&](std::string_view bytes) {
        file += bytes;
        largest = std::max(largest, bytes.size());
        return Result<void>();
    };
    auto writer = AvroWriter::open(kTexts, GetParam(), kTestSync, sink);
    ASSERT_TRUE(writer.ok());
    std::vector<Row> rows;
    std::uint32_t state = 1;
    for (const std::size_t bytes :
         {100U, 1'048'000U, 3'900'000U, 5U, 900'000U, 3'900'000U, 3'900'000U, 100U, 700'000U}) {
        std::string text;
        while (text.size() < bytes) {
            state = state * 1'664'525 + 1'013'904'223;
            text += static_cast<char>('!' + (state >> 24U) % 90);
        }
        rows.push_back({text});
        writer->row().add_string(text);
        ASSERT_TRUE(writer->end_row(hash_row(kTexts, rows.back())).ok());
    }
    const auto content = writer->finish();
    ASSERT_TRUE(content.ok()) << content.error().message;
    EXPECT_EQ(*content, content_of(kTexts, rows));
    EXPECT_LE(largest, kAvroBlockBytesMax + 36);
    const auto back = read_avro(kTexts, file);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_TRUE(*back == rows);
}

INSTANTIATE_TEST_SUITE_P(All,
                         AvroRoundTripTest,
                         testing::Values(AvroCodec::kNull,
                                         AvroCodec::kDeflate,
                                         AvroCodec::kSnappy));

}  // namespace
}  // namespace muster
