#include "archive/content_checksum.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>

#include "archive_rows.h"

namespace muster {
namespace {

using testing::HasSubstr;

std::string hex_of(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 0xFU];
    }
    return text;
}

TEST(ContentChecksumTest, TextsThatAreNoChecksumAreRefused) {
    for (const char* text : {"",
                             "0",
                             "0123456789abcdef0123456789abcde",
                             "0123456789abcdef0123456789abcdef0",
                             "0123456789ABCDEF0123456789ABCDEF",
                             "0123456789abcdef0123456789abcdeg",
                             "+123456789abcdef0123456789abcdef"}) {
        const auto parsed = parse_checksum(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::kVerification);
    }
}

TEST(ContentChecksumTest, TheTextReadsBack) {
    const std::string text = "0123456789abcdeffedcba9876543210";
    const auto parsed = parse_checksum(text);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->sum >> 64U, 0x0123456789abcdefU);
    EXPECT_EQ(checksum_text(*parsed), text);
    EXPECT_EQ(checksum_text({}), std::string(32, '0'));
}

TEST(ContentChecksumTest, TheCanonicalBytesOfEachType) {
    RowHasher hasher;
    hasher.add_null();
    hasher.add_int64(-2);
    hasher.add_bool(true);
    hasher.add_bool(false);
    hasher.add_string("");
    hasher.add_string("Zo\u00eb");
    hasher.add_double(1.0);
    hasher.add_decimal(258);
    EXPECT_EQ(hex_of(hasher.bytes()),
              "00"
              "01feffffffffffffff"
              "0101"
              "0100"
              "010000000000000000"
              "0104000000000000005a6fc3ab"
              "01000000000000f03f"
              "0102010000000000000000000000000000");
}

// docs/content-checksum.md holds what an independent implementation computed.
TEST(ContentChecksumTest, TheExampleOfTheDocument) {
    std::ifstream file(MUSTER_SOURCE_DIR "/docs/content-checksum.md");
    const std::string document{std::istreambuf_iterator<char>(file), {}};
    const FileContent content = content_of(example_table(), example_rows());
    EXPECT_EQ(content.rows, 2U);
    EXPECT_THAT(document, HasSubstr("content checksum | `" + checksum_text(content.checksum)));
}

TEST(ContentChecksumTest, TheOrderOfRowsDoesNotMatter) {
    std::vector<Row> rows = random_rows(1, 200);
    const FileContent content = content_of(every_type(), rows);
    std::reverse(rows.begin(), rows.end());
    EXPECT_EQ(content_of(every_type(), rows), content);
}

TEST(ContentChecksumTest, ARowTwiceDoesNotCancelOut) {
    const std::vector<Row> rows = random_rows(2, 3);
    std::set<std::string> texts;
    for (std::size_t copies = 0; copies < 4; ++copies) {
        std::vector<Row> more = rows;
        more.insert(more.end(), copies, rows[0]);
        texts.insert(checksum_text(content_of(every_type(), more).checksum));
    }
    EXPECT_EQ(texts.size(), 4U);
}

TEST(ContentChecksumTest, EveryFieldCounts) {
    const ArchiveTable table = every_type();
    const Row row = edge_rows()[4];
    const Uint128 hash = hash_row(table, row);
    for (std::size_t i = 1; i < row.size(); ++i) {
        Row changed = row;
        changed[i] = Value();
        EXPECT_FALSE(hash_row(table, changed) == hash) << table.columns[i].name;
        changed[i] = edge_rows()[0][i];
        EXPECT_FALSE(hash_row(table, changed) == hash) << table.columns[i].name;
    }
}

TEST(ContentChecksumTest, FieldsDoNotRunIntoEachOther) {
    RowHasher hasher;
    hasher.add_string("ab");
    hasher.add_string("c");
    const Uint128 first = hasher.finish();
    hasher.add_string("a");
    hasher.add_string("bc");
    EXPECT_FALSE(hasher.finish() == first);
    hasher.add_null();
    const Uint128 null = hasher.finish();
    hasher.add_string("");
    EXPECT_FALSE(hasher.finish() == null);
}

TEST(ContentChecksumTest, NegativeZeroIsZero) {
    RowHasher hasher;
    hasher.add_double(0.0);
    const Uint128 zero = hasher.finish();
    hasher.add_double(-0.0);
    EXPECT_TRUE(hasher.finish() == zero);
}

TEST(ContentChecksumTest, TheSumWrapsAround) {
    ContentChecksum checksum{~Uint128{0}};
    checksum.add(Uint128{3});
    EXPECT_TRUE(checksum.sum == 2);
    checksum.add(ContentChecksum{~Uint128{0}});
    EXPECT_TRUE(checksum.sum == 1);
}

}  // namespace
}  // namespace muster
