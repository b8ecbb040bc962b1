// When expressions fire, above all around changes of the clock. tests/e2e/test_schedule.py compares
// many more of them with another implementation.
#include "core/clock.h"
#include "scheduler/schedule.h"

#include <gmock/gmock.h>

#include <absl/time/time.h>
#include <string>
#include <vector>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::int64_t instant(const std::string& text) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
    return absl::ToUnixMicros(time);
}

// The next firings in local time with its offset.
std::vector<std::string> firings(const std::string& expression,
                                 const std::string& zone_name,
                                 const std::string& after,
                                 int count) {
    const Cron cron = *Cron::parse(expression);
    const TimeZone zone = *TimeZone::load(zone_name);
    std::vector<std::string> found;
    auto at = next_after(cron, zone, instant(after));
    for (int i = 0; i < count && at; ++i) {
        found.push_back(zone.local_text(*at));
        at = next_after(cron, zone, *at);
    }
    return found;
}

TEST(NextAfter, IsStrictlyAfter) {
    EXPECT_THAT(firings("0 * * * *", "UTC", "2026-01-01T00:00:00Z", 1),
                ElementsAre("2026-01-01T01:00:00+00:00"));
    EXPECT_THAT(firings("0 * * * *", "UTC", "2025-12-31T23:59:59.999999Z", 1),
                ElementsAre("2026-01-01T00:00:00+00:00"));
    EXPECT_THAT(firings("0 * * * *", "UTC", "2026-01-01T00:00:00.000001Z", 1),
                ElementsAre("2026-01-01T01:00:00+00:00"));
    EXPECT_THAT(firings("0 3 * * *", "Europe/Berlin", "2026-01-01T02:00:00Z", 1),
                ElementsAre("2026-01-02T03:00:00+01:00"));
}

TEST(NextAfter, BothDayFieldsMakeAnOr) {
    EXPECT_THAT(firings("0 0 13 * FRI", "UTC", "2026-03-05T00:00:00Z", 4),
                ElementsAre("2026-03-06T00:00:00+00:00",
                            "2026-03-13T00:00:00+00:00",
                            "2026-03-20T00:00:00+00:00",
                            "2026-03-27T00:00:00+00:00"));
    EXPECT_THAT(firings("0 0 */7 * FRI", "UTC", "2026-03-05T00:00:00Z", 2),
                ElementsAre("2026-05-01T00:00:00+00:00", "2026-05-08T00:00:00+00:00"))
        << "a star at the begin makes an and";
}

TEST(NextAfter, TheRareComesToo) {
    EXPECT_THAT(firings("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1),
                ElementsAre("2104-02-29T00:00:00+00:00"))
        << "2100 is no leap year";
    EXPECT_THAT(firings("0 0 29 2 */7", "UTC", "2088-03-01T00:00:00Z", 1),
                ElementsAre("2128-02-29T00:00:00+00:00"))
        << "the 29th of February on a Sunday";
    EXPECT_THAT(firings("59 23 31 12 *", "UTC", "9998-12-31T23:59:00Z", 2),
                ElementsAre("9999-12-31T23:59:00+00:00"));
    EXPECT_THAT(firings("* * * * *", "UTC", "9999-12-31T23:59:00Z", 1), IsEmpty());
    EXPECT_THAT(firings("0 0 * * *", "Europe/Berlin", "9999-12-31T23:59:00Z", 1), IsEmpty());
}

TEST(NextAfter, AFixedTimeThatIsSkippedFiresOnceRightAfterTheJump) {
    // On 2026-03-29 Berlin goes from 02:00 to 03:00.
    EXPECT_THAT(
        firings("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        ElementsAre(
            "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"));
    EXPECT_THAT(firings("0,15,30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 4),
                ElementsAre("2026-03-29T03:00:00+02:00",
                            "2026-03-29T03:15:00+02:00",
                            "2026-03-29T03:30:00+02:00",
                            "2026-03-30T02:00:00+02:00"));
    // Lord Howe goes from 02:00 to 02:30 only.
    EXPECT_THAT(firings("15,45 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 2),
                ElementsAre("2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00"));
}

TEST(NextAfter, AFixedTimeThatComesTwiceFiresTheFirstTime) {
    // On 2026-10-25 Berlin goes from 03:00 back to 02:00.
    EXPECT_THAT(firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
                ElementsAre("2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"));
    EXPECT_THAT(firings("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
                ElementsAre("2026-10-26T02:30:00+01:00"))
        << "between 02:00 and 02:30 of the second time";
    EXPECT_THAT(firings("0 2 * * *", "Europe/Berlin", "2026-10-25T00:59:00Z", 1),
                ElementsAre("2026-10-26T02:00:00+01:00"))
        << "the second 02:00 is the instant of the change";
    EXPECT_THAT(firings("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", 2),
                ElementsAre("2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"));
}

TEST(NextAfter, WildcardsGoByElapsedTime) {
    EXPECT_THAT(firings("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4),
                ElementsAre("2026-10-25T02:00:00+02:00",
                            "2026-10-25T02:00:00+01:00",
                            "2026-10-25T03:00:00+01:00",
                            "2026-10-25T04:00:00+01:00"));
    EXPECT_THAT(firings("*/30 2 * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4),
                ElementsAre("2026-10-25T02:00:00+02:00",
                            "2026-10-25T02:30:00+02:00",
                            "2026-10-25T02:00:00+01:00",
                            "2026-10-25T02:30:00+01:00"));
    EXPECT_THAT(firings("*/30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 1),
                ElementsAre("2026-03-30T02:00:00+02:00"))
        << "no minute of that hour exists";
    EXPECT_THAT(firings("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
                ElementsAre("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"));
    EXPECT_THAT(firings("*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:40:00Z", 4),
                ElementsAre("2026-04-05T01:45:00+11:00",
                            "2026-04-05T01:30:00+10:30",
                            "2026-04-05T01:45:00+10:30",
                            "2026-04-05T02:00:00+10:30"));
}

TEST(NextAfter, ADayThatAZoneLeftOut) {
    // Samoa had no 2011-12-30.
    EXPECT_THAT(
        firings("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        ElementsAre(
            "2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"));
    EXPECT_THAT(firings("0 */12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", 1),
                ElementsAre("2012-12-30T00:00:00+14:00"));
}

TEST(NextAfter, OffsetsWithSeconds) {
    // Until 1893-04-01 Berlin was 53 minutes and 28 seconds ahead.
    EXPECT_THAT(firings("*/30 * * * *", "Europe/Berlin", "1893-03-31T22:30:00Z", 2),
                ElementsAre("1893-03-31T23:30:00+00:53", "1893-04-01T00:30:00+01:00"));
}

}  // namespace
}  // namespace muster
