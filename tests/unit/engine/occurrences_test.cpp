#include "engine/detail/occurrences.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

RawHash hash(std::uint64_t number) { return {number * 0x9E3779B97F4A7C15U, number << 24}; }

TEST(OccurrencesTest, CountsEachRecordForItself) {
    Occurrences seen;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        for (std::uint64_t i = 0; i < 5000; ++i) {
            ASSERT_EQ(seen.next(hash(i)), round) << i;
        }
    }
}

TEST(OccurrencesTest, RecordsWhoseHashesBeginAlikeAreToldApart) {
    Occurrences seen;
    for (std::uint64_t i = 0; i < 100; ++i) {
        EXPECT_EQ(seen.next({7, i << 24}), 1U);
    }
    EXPECT_EQ(seen.next({7, 99U << 24}), 2U);
}

TEST(OccurrencesTest, AFullTableStillKnowsWhatIsInIt) {
    Occurrences seen(1024);
    for (std::uint64_t i = 0; i < 768; ++i) {
        ASSERT_EQ(seen.next(hash(i)), 1U);
    }
    EXPECT_EQ(seen.next(hash(768)), std::nullopt);
    EXPECT_EQ(seen.next(hash(5)), 2U);
    EXPECT_EQ(Occurrences(0).next(hash(1)), std::nullopt);
}

}  // namespace
}  // namespace muster
