// Codes and identities of rejects.
#include "validate/reject.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace muster {
namespace {

TEST(RejectTest, CodesHaveTheirTexts) {
    EXPECT_EQ(reject_code_text(RejectCode::kFileUnreadable), "file.unreadable");
    EXPECT_EQ(reject_code_text(RejectCode::kRecordStrayQuote), "record.stray_quote");
    EXPECT_EQ(reject_code_text(RejectCode::kValueNotTimestamp), "value.not_timestamp");
    EXPECT_EQ(reject_code_text(RejectCode::kDestinationRejected), "destination.rejected");
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < kRejectCodeCount; ++i) {
        texts.insert(reject_code_text(static_cast<RejectCode>(i)));
    }
    EXPECT_EQ(texts.size(), kRejectCodeCount);
}

// The published value of XXH3-128 of nothing: identities must not change between versions.
TEST(RejectTest, HashTextIsHighFirst) {
    EXPECT_EQ(raw_hash_text(hash_raw("")), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(raw_hash_text({0x1, 0xABC}), "00000000000000010000000000000abc");
}

TEST(RejectTest, IdentityCoversTableRecordAndOccurrence) {
    const std::string hash = raw_hash_text(hash_raw("1,a"));
    const std::string id = reject_id_text("jobs", hash, 1);
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id, reject_id_text("jobs", hash, 1));
    EXPECT_NE(id, reject_id_text("jobs", hash, 2));
    EXPECT_NE(id, reject_id_text("departments", hash, 1));
    EXPECT_NE(id, reject_id_text("jobs", raw_hash_text(hash_raw("1,b")), 1));
}

}  // namespace
}  // namespace muster
