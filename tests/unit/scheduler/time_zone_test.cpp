// Zones of the IANA database, and nothing that depends on the machine or leaves the database.
#include "scheduler/time_zone.h"

#include <gmock/gmock.h>

namespace muster {
namespace {

using testing::HasSubstr;

TEST(TimeZone, AnUnknownNameIsAnErrorWithASuggestion) {
    const auto zone = TimeZone::load("Europe/Berln");
    ASSERT_FALSE(zone.ok());
    EXPECT_EQ(zone.error().code, ErrorCode::kUsage);
    EXPECT_EQ(zone.error().message,
              "there is no time zone 'Europe/Berln' (did you mean 'Europe/Berlin'?)");
    EXPECT_THAT(zone.error().hint, HasSubstr("IANA"));
    EXPECT_THAT(TimeZone::load("europe/berlin").error().message, HasSubstr("Europe/Berlin"));
}

TEST(TimeZone, WhatIsNoNameIsRefused) {
    for (const char* name : {"",
                             "localtime",
                             "/etc/localtime",
                             "../etc/localtime",
                             "Europe/../Europe/Berlin",
                             "Europe",
                             "libc:localtime",
                             "Fixed/UTC+01:00:00",
                             "zone.tab",
                             "Europe/Berlin "}) {
        EXPECT_FALSE(TimeZone::load(name).ok()) << name;
    }
}

TEST(TimeZone, LocalTextHasTheOffset) {
    constexpr std::int64_t kNoonUs = 1'764'072'000'000'000;  // 2025-11-25T12:00:00Z
    EXPECT_EQ(TimeZone{}.local_text(kNoonUs), "2025-11-25T12:00:00+00:00");
    EXPECT_EQ(TimeZone{}.name(), "UTC");
    EXPECT_EQ(TimeZone::load("UTC")->local_text(kNoonUs), "2025-11-25T12:00:00+00:00");
    EXPECT_EQ(TimeZone::load("America/New_York")->local_text(kNoonUs), "2025-11-25T07:00:00-05:00");
    EXPECT_EQ(TimeZone::load("Asia/Kathmandu")->local_text(kNoonUs), "2025-11-25T17:45:00+05:45");
    EXPECT_EQ(TimeZone::load("Etc/GMT+5")->name(), "Etc/GMT+5");
}

}  // namespace
}  // namespace muster
