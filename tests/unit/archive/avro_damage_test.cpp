// Files that are not what muster wrote: never a crash, and never other rows under the same
// checksum.
#include "archive/avro_reader.h"
#include "archive/detail/avro_long.h"
#include "core/limits.h"

#include <gmock/gmock.h>

#include <array>
#include <random>

#include "archive_rows.h"

namespace muster {
namespace {

using testing::HasSubstr;

std::string long_text(std::int64_t value) {
    std::array<char, kAvroLongBytesMax> bytes{};
    return {bytes.data(), put_avro_long(bytes.data(), value)};
}

std::string sync_text() { return {kTestSync.data(), kTestSync.size()}; }

std::string header_of(const ArchiveTable& table) {
    return *avro_header(table, AvroCodec::kNull, kTestSync);
}

std::string block_of(std::int64_t rows, const std::string& data) {
    return long_text(rows) + long_text(static_cast<std::int64_t>(data.size())) + data + sync_text();
}

std::string string_text(std::string_view text) {
    return long_text(static_cast<std::int64_t>(text.size())) + std::string(text);
}

std::string problem_with(const ArchiveTable& table, const std::string& file) {
    const auto content = avro_file_content(table, source_of(file));
    if (content.ok()) {
        return "none";
    }
    EXPECT_EQ(content.error().code, ErrorCode::kVerification);
    EXPECT_THAT(content.error().message, HasSubstr("test.avro"));
    return content.error().message;
}

// What a changed file may be: refused, or a file whose rows have the checksum they should have.
void expect_no_silent_damage(const std::string& file,
                             const std::vector<Row>& rows,
                             const FileContent& content,
                             std::size_t place) {
    const ArchiveTable table = every_type();
    const auto found = avro_file_content(table, source_of(file));
    const auto back = read_avro(table, file);
    ASSERT_EQ(found.ok(), back.ok()) << place;
    if (found.ok()) {
        ASSERT_EQ(*found, content_of(table, *back)) << place;
        ASSERT_EQ(*found == content, *back == rows) << place;
    }
}

class AvroDamageTest : public testing::TestWithParam<AvroCodec> {
  protected:
    void SetUp() override {
        rows_ = random_rows(5, 40);
        content_ = content_of(table_, rows_);
        file_ = *write_avro(table_, rows_, GetParam(), 15);
        header_bytes_ = avro_header(table_, GetParam(), kTestSync)->size();
    }

    const ArchiveTable table_ = every_type();
    std::vector<Row> rows_;
    FileContent content_;
    std::string file_;
    std::size_t header_bytes_ = 0;
};

TEST_P(AvroDamageTest, OneChangedByteAnywhere) {
    for (std::size_t at = 0; at < file_.size(); ++at) {
        for (const unsigned mask : {0x01U, 0x02U, 0x80U, 0xFFU}) {
            std::string damaged = file_;
            damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ mask);
            if (at < header_bytes_) {
                ASSERT_NE(problem_with(table_, damaged), "none") << at;
            }
            expect_no_silent_damage(damaged, rows_, content_, at);
        }
    }
}

TEST_P(AvroDamageTest, CutAnywhere) {
    std::size_t whole_blocks = 0;
    for (std::size_t bytes = 0; bytes < file_.size(); ++bytes) {
        const std::string cut = file_.substr(0, bytes);
        const auto found = avro_file_content(table_, source_of(cut));
        if (found.ok()) {
            ++whole_blocks;
            ASSERT_FALSE(*found == content_) << bytes;
        }
    }
    EXPECT_EQ(whole_blocks, 3U);  // behind the header and behind each block but the last
}

TEST_P(AvroDamageTest, ManyChangesAtOnce) {
    std::mt19937_64 random(6);
    for (std::size_t round = 0; round < 3'000; ++round) {
        std::string damaged = file_;
        for (std::size_t i = 1 + random() % 6; i > 0; --i) {
            const std::size_t at = header_bytes_ + random() % (damaged.size() - header_bytes_);
            switch (random() % 3) {
                case 0:
                    damaged[at] = static_cast<char>(random());
                    break;
                case 1:
                    damaged.erase(at, 1 + random() % 20);
                    break;
                default:
                    damaged.insert(at, damaged.substr(header_bytes_, random() % 40));
            }
            if (damaged.size() <= header_bytes_) {
                break;
            }
        }
        expect_no_silent_damage(damaged, rows_, content_, round);
    }
}

TEST_P(AvroDamageTest, OtherBytesBehindTheLastBlock) {
    for (const std::string& tail :
         {std::string(1, '\0'), std::string(1, '\x80'), std::string("\n"), std::string(100, 'x')}) {
        EXPECT_NE(problem_with(table_, file_ + tail), "none");
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         AvroDamageTest,
                         testing::Values(AvroCodec::kNull,
                                         AvroCodec::kDeflate,
                                         AvroCodec::kSnappy));

TEST(AvroReaderTest, AFileThatBecomesShorterIsRefused) {
    const std::string file = *write_avro(every_type(), edge_rows(), AvroCodec::kNull, 3);
    AvroSource source = source_of(file);
    source.bytes += 1;
    const auto content = avro_file_content(every_type(), source);
    ASSERT_FALSE(content.ok());
    EXPECT_THAT(content.error().message, HasSubstr("shorter than its"));
}

TEST(AvroReaderTest, TheErrorOfTheSourceIsHandedOn) {
    AvroSource source{"a.avro", 10, [](std::uint64_t, std::span<char>) -> Result<std::size_t> {
                          return Error{ErrorCode::kUnavailable, "try again", "", ""};
                      }};
    EXPECT_EQ(avro_file_content(every_type(), source).error().code, ErrorCode::kUnavailable);
}

TEST(AvroReaderTest, WhatIsNoHeaderOfMusterIsRefused) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kString, 0, 0}, true}}};
    const std::string schema = string_text("avro.schema") + string_text(*avro_schema(table));
    const std::string codec = string_text("avro.codec") + string_text("null");
    const auto problem = [&](const std::string& entries) {
        return problem_with(table, std::string("Obj\x01", 4) + entries + sync_text());
    };
    EXPECT_EQ(problem(long_text(2) + schema + codec + long_text(0)), "none");
    EXPECT_EQ(problem(long_text(1) + codec + long_text(1) + schema + long_text(0)), "none");
    EXPECT_THAT(problem_with(table, ""), HasSubstr("no Avro file"));
    EXPECT_THAT(problem_with(table, "Obj\x02"), HasSubstr("no Avro file"));
    EXPECT_THAT(problem_with(table, "PAR1" + schema), HasSubstr("no Avro file"));
    EXPECT_THAT(problem(long_text(1) + schema + long_text(0)), HasSubstr("no codec"));
    EXPECT_THAT(problem(long_text(1) + codec + long_text(0)), HasSubstr("no schema"));
    EXPECT_THAT(problem(long_text(0)), HasSubstr("no schema"));
    EXPECT_THAT(problem(long_text(3) + schema + schema + codec + long_text(0)), HasSubstr("twice"));
    EXPECT_THAT(problem(long_text(1) + string_text("avro.other") + string_text("x") + long_text(0)),
                HasSubstr("unknown entry"));
    EXPECT_THAT(problem(long_text(2) + schema + string_text("avro.codec") +
                        string_text("zstandard") + long_text(0)),
                HasSubstr("the codec is none of"));
    EXPECT_THAT(problem(long_text(-2) + long_text(9) + schema + codec + long_text(0)),
                HasSubstr("damaged"));
    for (const std::int64_t length : {std::int64_t{1} << 62U, std::int64_t{-1}}) {
        EXPECT_THAT(problem(long_text(2) + long_text(length)), HasSubstr("damaged"));
    }
    EXPECT_THAT(problem(std::string(11, '\xFF')), HasSubstr("damaged"));
}

TEST(AvroReaderTest, AFileOfAnotherTableIsRefused) {
    const ArchiveTable table = every_type();
    const std::string file = *write_avro(table, edge_rows(), AvroCodec::kNull, 100);
    ArchiveTable other = table;
    other.columns[1].nullable = false;
    EXPECT_THAT(problem_with(other, file), HasSubstr("schema is not that of the table"));
    other = table;
    other.columns[2].type.precision = 5;
    EXPECT_THAT(problem_with(other, file), HasSubstr("schema is not that of the table"));
    other = table;
    other.name = "other";
    EXPECT_THAT(problem_with(other, file), HasSubstr("schema is not that of the table"));
}

TEST(AvroReaderTest, BlocksWithWrongCountsAreRefused) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kString, 0, 0}, false}}};
    const std::string data = string_text("x") + string_text("yy");
    const auto problem = [&](const std::string& block) {
        return problem_with(table, header_of(table) + block);
    };
    EXPECT_EQ(problem(block_of(2, data)), "none");
    EXPECT_THAT(problem(block_of(1, data)), HasSubstr("bytes follow the last row"));
    EXPECT_THAT(problem(block_of(3, data)), HasSubstr("row 3, column a"));
    EXPECT_THAT(problem(block_of(6, data)), HasSubstr("6 rows in 5 bytes"));
    EXPECT_THAT(problem(block_of(0, data)), HasSubstr("a block of 0 rows"));
    EXPECT_THAT(problem(block_of(-1, data)), HasSubstr("a block of -1 rows"));
    EXPECT_THAT(problem(block_of(2, "")), HasSubstr("a block of 0 bytes"));
    EXPECT_THAT(problem(long_text(2) + long_text(-5) + data), HasSubstr("a block of -5 bytes"));
    EXPECT_THAT(problem(long_text(2) + long_text(kAvroBlockBytesMax + 1) + data),
                HasSubstr("at most 4000000"));
    EXPECT_THAT(problem(long_text(2) + long_text(100) + data), HasSubstr("ends within the block"));
    EXPECT_THAT(problem(std::string(10, '\xFF')), HasSubstr("cut off"));
    std::string wrong_sync = block_of(2, data);
    wrong_sync.back() = '!';
    EXPECT_THAT(problem(wrong_sync), HasSubstr("sync marker"));
    EXPECT_THAT(problem(block_of(2, data) + wrong_sync), HasSubstr("block 2 at byte"));
}

TEST(AvroReaderTest, BlocksAtTheLimitAreRead) {
    const ArchiveTable table{"t", {{"a", {TypeKind::kString, 0, 0}, false}}};
    const std::string data = string_text(std::string(kAvroBlockBytesMax - 4, 'x'));
    ASSERT_EQ(data.size(), kAvroBlockBytesMax);
    EXPECT_EQ(problem_with(table, header_of(table) + block_of(1, data) + block_of(1, data)),
              "none");
}

TEST(AvroReaderTest, FieldsThatAreNotOfTheirTypeAreRefused) {
    struct Case {
        ColumnType type;
        bool nullable;
        std::string data;
        const char* problem;
    };
    const ColumnType text{TypeKind::kString, 0, 0};
    const ColumnType decimal{TypeKind::kDecimal, 4, 1};
    const std::vector<Case> cases = {
        {text, true, long_text(2) + string_text("x"), "no such branch"},
        {text, true, long_text(-1), "no such branch"},
        {text, true, long_text(1), "the length of the text"},
        {text, false, long_text(-1), "the length of the text"},
        {text, false, long_text(std::int64_t{1} << 62U), "the length of the text"},
        {text, false, long_text(3) + "ab", "the length of the text"},
        {text, false, std::string(10, '\xFF') + "\x01", "the length of the text"},
        {text, false, string_text("a\xFFz"), "not UTF-8"},
        {text, false, string_text("12345678\xC3"), "not UTF-8"},
        {text, false, string_text("\xED\xA0\x80"), "not UTF-8"},
        {{TypeKind::kBool, 0, 0}, false, "\x02", "no boolean"},
        {{TypeKind::kDouble, 0, 0}, false, std::string(7, '\0'), "within a double"},
        {{TypeKind::kInt32, 0, 0}, false, long_text(std::int64_t{1} << 31U), "no integer"},
        {{TypeKind::kInt64, 0, 0}, false, std::string(9, '\xFF') + "\x02", "no integer"},
        {{TypeKind::kInt64, 0, 0}, false, "\x80", "no integer"},
        {{TypeKind::kDate, 0, 0}, false, string_text("2021-02-29"), "no date"},
        {{TypeKind::kDate, 0, 0}, false, string_text(""), "no date"},
        {{TypeKind::kTimestamp, 0, 0}, false, string_text("2021-01-01 24:00:00"), "no timestamp"},
        {decimal, false, string_text("1000.0"), "no decimal"},
        {decimal, false, string_text("x"), "no decimal"},
    };
    for (const Case& tried : cases) {
        const ArchiveTable table{"t", {{"a", tried.type, tried.nullable}}};
        EXPECT_THAT(problem_with(table, header_of(table) + block_of(1, tried.data)),
                    HasSubstr(tried.problem));
    }
}

}  // namespace
}  // namespace muster
