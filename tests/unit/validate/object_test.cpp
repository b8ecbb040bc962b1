// The object as a whole: empty and foreign files, headers, faults of the store, hashes, keys.
#include "support/scan_outcome.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

using namespace std::string_literals;

Table two_columns(HeaderMode header) {
    Table table = test_table(
        {test_column("id", {TypeKind::kInt64}), test_column("name", {TypeKind::kString})});
    table.header = header;
    return table;
}

struct ObjectCase {
    const char* name;
    HeaderMode header;
    std::string text;
    std::string problem;
    std::string problem_message;
    std::uint64_t read = 0;
    bool header_found = false;
    std::uint64_t first_offset = 0;
};

std::vector<ObjectCase> object_cases() {
    constexpr HeaderMode kAbsent = HeaderMode::kAbsent;
    constexpr HeaderMode kPresent = HeaderMode::kPresent;
    constexpr HeaderMode kAuto = HeaderMode::kAuto;
    const std::string at = "object.csv: the header in line ";
    return {
        {"empty", kAbsent, "", "file.empty", "object.csv is empty"},
        {"a byte order mark alone", kAbsent, "\xEF\xBB\xBF", "file.empty", "object.csv is empty"},
        {"UTF-16 little endian",
         kAbsent,
         "\xFF\xFE"
         "1\0"s,
         "file.encoding",
         "object.csv is UTF-16, not UTF-8: it starts with a UTF-16 byte order mark"},
        {"UTF-16 big endian",
         kAbsent,
         "\xFE\xFF"s,
         "file.encoding",
         "object.csv is UTF-16, not UTF-8: it starts with a UTF-16 byte order mark"},
        {"blank lines only", kPresent, "\n\r\n", "", ""},
        {"a header only", kPresent, "id,name\n", "", "", 0, true},
        {"a header without its line end", kPresent, "id,name", "", "", 0, true},
        {"a header and data", kPresent, "id,name\n1,a\n", "", "", 1, true, 8},
        {"a header after a mark and blank lines",
         kPresent,
         "\xEF\xBB\xBF\n\r\n id , \"name\" \n"
         "1,a\n",
         "file.header_mismatch",
         at + "3 does not split cleanly"},
        {"a quoted header after a mark and blank lines",
         kPresent,
         "\xEF\xBB\xBF\n\r\n id ,\" name \"\r\n1,a\n",
         "",
         "",
         1,
         true,
         21},
        {"another header",
         kPresent,
         "id,Name\n1,a\n",
         "file.header_mismatch",
         at + "1 names column 2 'Name', expected 'name'"},
        {"a short header",
         kPresent,
         "id\n1,a\n",
         "file.header_mismatch",
         at + "1 has 1 fields, expected 2"},
        {"a long header",
         kPresent,
         "id,name,x\n",
         "file.header_mismatch",
         at + "1 has 3 fields, expected 2"},
        {"data instead of a header",
         kPresent,
         "1,a\n",
         "file.header_mismatch",
         at + "1 names column 1 '1', expected 'id'"},
        {"auto with a header", kAuto, "id,name\n1,a\n", "", "", 1, true, 8},
        {"auto without a header", kAuto, "\n1,a\n2,b\n", "", "", 2, false, 1},
        {"a header where none is expected", kAbsent, "id,name\n1,a\n", "", "", 2, false, 8},
    };
}

TEST(ObjectTest, FirstBytes) {
    for (const ObjectCase& c : object_cases()) {
        SCOPED_TRACE(c.name);
        for (const std::size_t block_bytes : {std::size_t{1}, std::size_t{5}, kScanBlockBytes}) {
            const ScanOutcome outcome = scan_outcome(
                two_columns(c.header), c.text, {.block_bytes = block_bytes, .threads = 2});
            EXPECT_EQ(outcome.problem, c.problem);
            EXPECT_EQ(outcome.problem_message, c.problem_message);
            EXPECT_EQ(outcome.counts.read, c.read);
            EXPECT_EQ(outcome.counts.header_found, c.header_found);
            if (!outcome.rows.empty()) {
                EXPECT_EQ(outcome.rows[0].offset, c.first_offset);
            }
        }
    }
}

TEST(ObjectTest, LinesCountFromTheStartAlsoAfterAHeader) {
    const ScanOutcome outcome =
        scan_outcome(two_columns(HeaderMode::kPresent), "\nid,name\n\nx,a\n", {.block_bytes = 2});
    ASSERT_EQ(outcome.rejects.size(), 1U);
    EXPECT_EQ(outcome.rejects[0].line, 4U);
    EXPECT_EQ(outcome.counts.blank_lines, 2U);
}

std::string lines(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += std::to_string(i) + ",name " + std::to_string(i) + "\n";
    }
    return text;
}

TEST(ObjectTest, AShrinkingObjectIsRefused) {
    for (const std::uint64_t bytes_left : {0U, 1U, 5000U, 70'000U, 90'000U}) {
        MemoryObject object(lines(10'000));
        object.shrink_to(bytes_left);
        const ScanOutcome outcome = scan_outcome(
            two_columns(HeaderMode::kAbsent), object, {.block_bytes = 4096, .threads = 2});
        EXPECT_EQ(outcome.problem, "file.unreadable");
        EXPECT_NE(outcome.problem_message.find("became shorter"), std::string::npos);
        EXPECT_EQ(outcome.error, "");
    }
}

TEST(ObjectTest, ReadFaults) {
    struct FaultCase {
        ErrorCode code;
        std::string problem;
        std::string error;
    };
    const std::vector<FaultCase> fault_cases = {
        {ErrorCode::kIo, "file.unreadable", ""},
        {ErrorCode::kNotFound, "file.unreadable", ""},
        {ErrorCode::kUnavailable, "", "unavailable"},
    };
    for (const FaultCase& c : fault_cases) {
        for (const std::uint64_t offset : {0U, 100'000U}) {
            MemoryObject object(lines(10'000));
            object.fail_from(offset, c.code);
            const ScanOutcome outcome = scan_outcome(
                two_columns(HeaderMode::kAbsent), object, {.block_bytes = 4096, .threads = 3});
            EXPECT_EQ(outcome.problem, c.problem);
            EXPECT_EQ(outcome.error, c.error);
        }
    }
}

TEST(ObjectTest, AnErrorOfTheSinkStopsTheScan) {
    MemoryObject object("x,a\n1,b\n");
    const auto sink = [](const RejectedRecord&) -> Result<void> {
        return Error{.code = ErrorCode::kIo, .message = "disk full", .hint = "", .detail = ""};
    };
    auto scan =
        Scan::open(two_columns(HeaderMode::kAbsent), object, sink, ScanOptions{.block_bytes = 2});
    ASSERT_TRUE(scan.ok());
    const auto done = run_scan(**scan, 2);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().message, "disk full");
}

TEST(ObjectTest, Cancelled) {
    MemoryObject object(lines(1000));
    CancelToken cancel;
    cancel.cancel();
    auto scan = Scan::open(two_columns(HeaderMode::kAbsent),
                           object,
                           RejectSink(),
                           ScanOptions{.block_bytes = 100, .cancel = &cancel});
    ASSERT_TRUE(scan.ok());
    const auto done = run_scan(**scan, 2);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
}

TEST(ObjectTest, ContentHashDoesNotDependOnBlocksOrThreads) {
    for (const std::size_t rows : {1U, 1000U, 500'000U}) {
        MemoryObject object(lines(rows));
        const auto hash = content_hash(object, 2);
        ASSERT_TRUE(hash.ok());
        EXPECT_EQ(hash->size(), 32U);
        for (const std::size_t block_bytes : {std::size_t{65'536}, kScanBlockBytes}) {
            const ScanOutcome outcome = scan_outcome(two_columns(HeaderMode::kAbsent),
                                                     object,
                                                     {.block_bytes = block_bytes, .threads = 2});
            EXPECT_EQ(outcome.counts.content_hash, *hash);
            EXPECT_EQ(outcome.counts.object_bytes, object.info().bytes);
        }
    }
}

struct KeyCase {
    const char* name;
    std::vector<std::string> key;
    std::string text;
    bool rising;
    std::string first;
    std::string last;
};

TEST(ObjectTest, RisingKeys) {
    const std::vector<KeyCase> key_cases = {
        {"rising", {"id"}, "1,a\n2,b\n\"3\",c\n", true, "1", "3"},
        {"equal", {"id"}, "1,a\n1,b\n", false, "", ""},
        {"falling", {"id"}, "2,a\n1,b\n", false, "", ""},
        {"refused rows do not count", {"id"}, "1,a\n0,\n5,c\n", true, "1", "5"},
        {"texts", {"name"}, "1,a\n1,aa\n1,\"b\"\n", true, "a", "b"},
        {"texts that fall", {"name"}, "1,b\n1,aa\n", false, "", ""},
        {"two columns", {"id", "name"}, "1,a\n2,b\n", false, "", ""},
        {"no rows", {"id"}, "x,a\n", false, "", ""},
        {"no key", {}, "1,a\n", false, "", ""},
    };
    for (const KeyCase& c : key_cases) {
        SCOPED_TRACE(c.name);
        Table table = two_columns(HeaderMode::kAbsent);
        table.key = c.key;
        const bool text = !c.key.empty() && c.key[0] == "name";
        const ColumnType type{text ? TypeKind::kString : TypeKind::kInt64};
        for (const std::size_t block_bytes : {std::size_t{1}, std::size_t{6}, kScanBlockBytes}) {
            for (const bool keep_rows : {true, false}) {
                const ScanOutcome outcome = scan_outcome(
                    table, c.text, {.block_bytes = block_bytes, .keep_rows = keep_rows});
                EXPECT_EQ(outcome.counts.keys_rising, c.rising);
                ASSERT_EQ(outcome.counts.first_key.has_value(), c.rising);
                if (c.rising) {
                    EXPECT_EQ(value_text(type, *outcome.counts.first_key), c.first);
                    EXPECT_EQ(value_text(type, *outcome.counts.last_key), c.last);
                }
            }
        }
    }
}

}  // namespace
}  // namespace muster
