#include "core/ids.h"

#include "core/clock.h"
#include "core/text.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace muster {
namespace {

class FixedClock final : public Clock {
  public:
    explicit FixedClock(std::int64_t timestamp_us) : timestamp_us_(timestamp_us) {}
    std::int64_t now_us() const override { return timestamp_us_; }
    std::int64_t monotonic_ns() const override { return 0; }

  private:
    std::int64_t timestamp_us_;
};

TEST(Ids, ARunIdIsItsTimeAndChance) {
    const FixedClock clock{951827696123456};
    const RunId first = new_run_id(clock);
    const RunId second = new_run_id(clock);
    const std::string digit = "[0-9a-f]";
    const std::string half = digit + digit + digit + digit;
    EXPECT_TRUE(glob_match("20000229T123456Z-" + half + half, first.str())) << first.str();
    EXPECT_NE(first, second);
}

TEST(Ids, RunIdsSortByTime) {
    EXPECT_LT(new_run_id(FixedClock{951827696000000}), new_run_id(FixedClock{951827697000000}));
}

TEST(Ids, NamesOfDifferentKindsDoNotMix) {
    static_assert(!std::is_convertible_v<TableName, RunId>);
    static_assert(!std::is_convertible_v<std::string, TableName>);
    EXPECT_TRUE(TableName{}.empty());
    EXPECT_EQ(TableName{"jobs"}, TableName{"jobs"});
}

}  // namespace
}  // namespace muster
