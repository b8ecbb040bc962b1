#include "core/clock.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace muster {
namespace {

TEST(Clock, FormatsRfc3339InUtc) {
    const std::pair<std::int64_t, std::string> cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {1000000, "1970-01-01T00:00:01Z"},
        {1500000, "1970-01-01T00:00:01.500000Z"},
        {951827696000000, "2000-02-29T12:34:56Z"},
        {-62135596800000000, "0001-01-01T00:00:00Z"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z"},
    };
    for (const auto& [timestamp_us, text] : cases) {
        EXPECT_EQ(format_timestamp_us(timestamp_us), text);
    }
}

TEST(Clock, TheMachinesClockMovesForward) {
    const SystemClock clock;
    EXPECT_GT(clock.now_us(), 1577836800000000);  // 2020
    const std::int64_t before = clock.monotonic_ns();
    EXPECT_GE(clock.monotonic_ns(), before);
}

}  // namespace
}  // namespace muster
