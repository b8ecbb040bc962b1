// Finding records again by their offsets, and splitting one record into its texts.
#include "support/scan_outcome.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

TEST(LocateTest, FindsWhatTheScanSaw) {
    std::string text = "\xEF\xBB\xBF";
    for (int i = 0; i < 60'000; ++i) {
        text += i % 3 == 0 ? "\"a\nb\"\r\n" : (i % 5 == 0 ? "\n" : "x\"y\rplain\n");
    }
    text += std::string(50'000, 'z');
    Table table = text_table(1);
    table.max_record_bytes = 40'000;
    const ScanOutcome outcome = scan_outcome(table, text);
    ASSERT_GT(outcome.rejects.size(), 1000U);

    std::vector<std::uint64_t> offsets;
    for (const RejectOutcome& reject : outcome.rejects) {
        offsets.push_back(reject.offset);
    }
    MemoryObject object(text);
    std::size_t next = 0;
    const auto hash =
        locate_records(table, object, offsets, [&](const RejectedRecord& record) -> Result<void> {
            const RejectOutcome& reject = outcome.rejects.at(next++);
            EXPECT_EQ(record.offset, reject.offset);
            EXPECT_EQ(record.line, reject.line);
            EXPECT_EQ(record.length, reject.length);
            EXPECT_EQ(record.raw, reject.raw);
            EXPECT_EQ(raw_hash_text(record.raw_hash), reject.hash);
            return {};
        });
    ASSERT_TRUE(hash.ok());
    EXPECT_EQ(next, offsets.size());
    EXPECT_EQ(*hash, outcome.counts.content_hash);
}

TEST(LocateTest, OffsetsThatStartNoRecordAreSkipped) {
    MemoryObject object("ab\n\ncd\n");
    const std::vector<std::uint64_t> offsets = {1, 3, 4, 100};
    std::vector<std::uint64_t> seen;
    const auto hash = locate_records(
        text_table(1), object, offsets, [&](const RejectedRecord& record) -> Result<void> {
            seen.push_back(record.offset);
            return {};
        });
    ASSERT_TRUE(hash.ok());
    EXPECT_EQ(seen, std::vector<std::uint64_t>{4});
}

TEST(LocateTest, AShrunkObjectIsAnError) {
    MemoryObject object("ab\ncd\n");
    object.shrink_to(3);
    const std::vector<std::uint64_t> offsets = {3};
    const auto hash = locate_records(
        text_table(1), object, offsets, [](const RejectedRecord&) -> Result<void> { return {}; });
    ASSERT_FALSE(hash.ok());
    EXPECT_EQ(hash.error().code, ErrorCode::kVerification);
}

struct SplitRecordCase {
    std::string record;
    std::optional<std::vector<std::string>> fields;
};

TEST(LocateTest, SplitRecord) {
    using Fields = std::vector<std::string>;
    const std::vector<SplitRecordCase> cases = {
        {"a, b ,\"c\"\"d\n\"", Fields{"a", "b", "c\"d\n"}},
        {"a", Fields{"a"}},
        {",", Fields{"", ""}},
        {"a\"b", std::nullopt},
        {"\"a", std::nullopt},
        {"a\nb", std::nullopt},
        {"", std::nullopt},
    };
    for (const SplitRecordCase& c : cases) {
        EXPECT_EQ(split_record(text_table(3), c.record), c.fields) << c.record;
    }
}

}  // namespace
}  // namespace muster
