// Which occurrences are due when the clock runs, jumps forward, or is turned back.
#include "scheduler/detail/planner.h"

#include "core/limits.h"

#include <gtest/gtest.h>

#include <optional>

namespace muster {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMidnight = 1'767'225'600 * kSecond;  // 2026-01-01T00:00:00Z

Planner planner(const char* cron, Misfire misfire = Misfire::kSkip) {
    return Planner{{.cron = *Cron::parse(cron), .zone = {}, .misfire = misfire}, kMidnight};
}

TEST(Planner, FiresWhatComesDueAndKnowsTheNext) {
    Planner hourly = planner("0 * * * *");
    EXPECT_EQ(hourly.next_us(), kMidnight + kHour);
    EXPECT_FALSE(hourly.look(kMidnight).fire_us.has_value());
    EXPECT_FALSE(hourly.look(kMidnight + kHour - 1).fire_us.has_value());
    EXPECT_EQ(hourly.look(kMidnight + kHour).fire_us, kMidnight + kHour);
    EXPECT_EQ(hourly.next_us(), kMidnight + 2 * kHour);
    EXPECT_FALSE(hourly.look(kMidnight + kHour + kSecond).fire_us.has_value());
}

TEST(Planner, ALittleLateIsInTime) {
    for (const bool late : {false, true}) {
        Planner hourly = planner("0 * * * *");
        static_cast<void>(hourly.look(kMidnight));
        const DueOccurrences due =
            hourly.look(kMidnight + kHour + kLateSecondsMax * kSecond + (late ? 1 : 0));
        EXPECT_EQ(due.fire_us.has_value(), !late);
        EXPECT_EQ(due.missed, late ? 1 : 0);
        EXPECT_EQ(hourly.next_us(), kMidnight + 2 * kHour);
    }
}

TEST(Planner, WhatWasDueBeforeTheFirstLookIsLate) {
    Planner skipping = planner("0 * * * *");
    DueOccurrences due = skipping.look(kMidnight + 3 * kHour + kSecond);
    EXPECT_FALSE(due.fire_us.has_value());
    EXPECT_EQ(due.missed, 3);
    EXPECT_EQ(due.missed_last_us, kMidnight + 3 * kHour);
    EXPECT_EQ(skipping.look(kMidnight + 4 * kHour).fire_us, kMidnight + 4 * kHour);

    Planner making_up = planner("0 * * * *", Misfire::kLatest);
    due = making_up.look(kMidnight + 3 * kHour + kSecond);
    EXPECT_EQ(due.fire_us, kMidnight + 3 * kHour);
    EXPECT_EQ(due.missed, 2);
    EXPECT_FALSE(making_up.look(kMidnight + 3 * kHour + kSecond).fire_us.has_value()) << "once";
}

TEST(Planner, AJumpForwardIsJudgedByTheMisfireRule) {
    Planner skipping = planner("0 3 * * *");
    static_cast<void>(skipping.look(kMidnight));
    DueOccurrences due = skipping.look(kMidnight + 10 * kDay);
    EXPECT_FALSE(due.fire_us.has_value());
    EXPECT_EQ(due.missed, 10);

    Planner making_up = planner("0 3 * * *", Misfire::kLatest);
    static_cast<void>(making_up.look(kMidnight));
    due = making_up.look(kMidnight + 10 * kDay);
    EXPECT_EQ(due.fire_us, kMidnight + 9 * kDay + 3 * kHour);
    EXPECT_EQ(due.missed, 9);
}

TEST(Planner, OfManyInAShortJumpOnlyTheLatestFires) {
    Planner every_minute = planner("* * * * *");
    static_cast<void>(every_minute.look(kMidnight));
    const DueOccurrences due = every_minute.look(kMidnight + 5 * kMinute + kSecond);
    EXPECT_EQ(due.fire_us, kMidnight + 5 * kMinute);
    EXPECT_EQ(due.missed, 4);
}

TEST(Planner, DecadesAreNotWalkedThrough) {
    Planner every_minute = planner("* * * * *", Misfire::kLatest);
    const std::int64_t now = kMidnight + 60 * 366 * kDay + kSecond;
    const DueOccurrences due = every_minute.look(now);
    EXPECT_EQ(due.fire_us, now - kSecond);
    EXPECT_EQ(due.missed, kMissedCountMax - 1) << "more are not counted";
}

TEST(Planner, TheLatestIsFoundInEveryWindow) {
    for (const char* cron : {"* * * * *",
                             "0 * * * *",
                             "0 3 * * *",
                             "0 0 1 * *",
                             "0 0 1 1 *",
                             "0 0 29 2 *",
                             "5 0 1 1 *"}) {
        Planner making_up = planner(cron, Misfire::kLatest);
        const std::int64_t now = kMidnight + 6 * 366 * kDay + 7 * kHour + kSecond;
        const Cron expression = *Cron::parse(cron);
        std::optional<std::int64_t> latest;
        for (auto at = next_after(expression, {}, kMidnight); at && *at <= now;
             at = next_after(expression, {}, *at)) {
            latest = at;
        }
        EXPECT_EQ(making_up.look(now).fire_us, latest) << cron;
    }
}

TEST(Planner, AfterAClockWasTurnedBackOccurrencesComeDueAgain) {
    Planner hourly = planner("0 * * * *");
    static_cast<void>(hourly.look(kMidnight));
    EXPECT_EQ(hourly.look(kMidnight + kHour).fire_us, kMidnight + kHour);
    const DueOccurrences back = hourly.look(kMidnight + kHour - kMinute);
    EXPECT_EQ(back.clock_back_us, kMinute);
    EXPECT_FALSE(back.fire_us.has_value());
    EXPECT_EQ(hourly.next_us(), kMidnight + kHour);
    EXPECT_EQ(hourly.look(kMidnight + kHour).fire_us, kMidnight + kHour)
        << "the store knows that it has run";
}

TEST(Planner, AHandledInstantInTheFutureStopsNothing) {
    Planner daily{{.cron = *Cron::parse("0 3 * * *"), .zone = {}}, kMidnight + 400 * kDay};
    EXPECT_GT(daily.look(kMidnight).clock_back_us, 0);
    EXPECT_EQ(daily.look(kMidnight + 3 * kHour).fire_us, kMidnight + 3 * kHour);
}

}  // namespace
}  // namespace muster
