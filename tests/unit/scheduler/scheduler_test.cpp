// Occurrences that fire, overlap, are missed, fail, or meet a process that dies.
#include <gmock/gmock.h>

#include "scheduler_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ScheduleEventKind;

TEST_F(SchedulerTest, FiresEveryOccurrenceOnce) {
    start("0 * * * *");
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded, 1);
    at(kMidnight + kHour + kSecond);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_EQ(acts(), 2);
    EXPECT_EQ(last(Kind::kSucceeded).detail, "done");
    EXPECT_EQ(last(Kind::kStarted).planned_at_us, kMidnight + 2 * kHour);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: succeeded", "+120: succeeded"));
}

TEST_F(SchedulerTest, WaitsByTheClockOfTheMachineToo) {
    clock_.set(kMidnight + kMinute - 20'000);
    start("* * * * *");
    // The thread looks 20 ms later by itself; the injected clock says that the minute has come.
    clock_.set(kMidnight + kMinute);
    wait_for(Kind::kSucceeded);
}

TEST_F(SchedulerTest, AFailureIsWrittenDown) {
    start("0 * * * *");
    answer({Error{ErrorCode::kIo, "the source is not there"}});
    at(kMidnight + kHour);
    wait_for(Kind::kFailed);
    EXPECT_EQ(last(Kind::kFailed).detail, "the source is not there");
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSucceeded);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: failed", "+120: succeeded"));
}

TEST_F(SchedulerTest, AStoreThatFailsDelaysTheWorkAndDoesNotDoubleIt) {
    start("0 * * * *");
    store_.fail_claims(3);
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded);
    EXPECT_EQ(times(Kind::kStoreFailed), 3);
    EXPECT_EQ(acts(), 1);
}

TEST_F(SchedulerTest, AnOutcomeThatWasNotStoredIsWrittenBeforeTheNextOccurrence) {
    start("0 * * * *");
    store_.fail_outcomes(1);
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded);
    EXPECT_EQ(times(Kind::kStoreFailed), 1);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_EQ(times(Kind::kInterrupted), 0);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: succeeded", "+120: succeeded"));
}

TEST_F(SchedulerTest, WhatWasLeftOutAndNotStoredIsNotInterrupted) {
    hold_work();
    start("0 * * * *", Overlap::kSkip);
    at(kMidnight + kHour);
    wait_for(Kind::kStarted);
    store_.fail_outcomes(1);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSkipped);
    end_work();
    wait_for(Kind::kSucceeded);
    at(kMidnight + 3 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_EQ(times(Kind::kInterrupted), 0);
    EXPECT_THAT(store_.outcomes(),
                ElementsAre("+60: succeeded", "+120: skipped", "+180: succeeded"));
}

TEST_F(SchedulerTest, AnOutcomeThatIsStillNotStoredInterruptsNothing) {
    start("0 * * * *");
    store_.fail_outcomes(2);
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_EQ(times(Kind::kStoreFailed), 2);
    EXPECT_EQ(times(Kind::kInterrupted), 0);
    stop();
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: succeeded", "+120: succeeded"));
}

// --- overlap

TEST_F(SchedulerTest, WithSkipAnOccurrenceIsLeftOutWhileOneIsAtWork) {
    hold_work();
    start("0 * * * *", Overlap::kSkip);
    at(kMidnight + kHour);
    wait_for(Kind::kStarted);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSkipped);
    EXPECT_EQ(last(Kind::kSkipped).planned_at_us, kMidnight + 2 * kHour);
    end_work();
    wait_for(Kind::kSucceeded);
    at(kMidnight + 3 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_THAT(store_.outcomes(),
                ElementsAre("+60: succeeded", "+120: skipped", "+180: succeeded"));
}

TEST_F(SchedulerTest, WithQueueOneWaitsAndMoreAreLeftOut) {
    hold_work();
    start("0 * * * *", Overlap::kQueue);
    at(kMidnight + kHour);
    wait_for(Kind::kStarted);
    wait_for_acts(1);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kQueued);
    at(kMidnight + 3 * kHour);
    wait_for(Kind::kSkipped);
    EXPECT_EQ(acts(), 1);
    end_work();
    wait_for(Kind::kSucceeded, 2);
    EXPECT_THAT(store_.outcomes(),
                ElementsAre("+60: succeeded", "+120: succeeded", "+180: skipped"));
}

TEST_F(SchedulerTest, WithSkipABusyJobIsLeftOut) {
    start("0 * * * *", Overlap::kSkip);
    answer({Error{ErrorCode::kBusy, "a run is at work"}});
    at(kMidnight + kHour);
    wait_for(Kind::kSkipped);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: skipped"));
}

TEST_F(SchedulerTest, WithQueueABusyJobIsTriedAgain) {
    start("0 * * * *", Overlap::kQueue);
    const Error busy{ErrorCode::kBusy, "a run is at work"};
    answer({busy, busy, busy});
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded);
    EXPECT_EQ(acts(), 4);
    EXPECT_EQ(times(Kind::kQueued), 1) << "told once";
    EXPECT_EQ(times(Kind::kStarted), 1);
}

// --- the clock

TEST_F(SchedulerTest, AClockThatIsTurnedBackFiresNothingTwice) {
    start("0 * * * *");
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded, 1);
    at(kMidnight + kHour - kMinute);
    wait_for(Kind::kClockBack);
    at(kMidnight + kHour);
    EXPECT_TRUE(store_.wait_for_refusal());
    stop();
    EXPECT_EQ(acts(), 1);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: succeeded"));
}

TEST_F(SchedulerTest, AClockThatWasWrongForYearsHoldsNothingUp) {
    start("0 * * * *");
    at(kMidnight + 3 * 365 * 24 * kHour);
    wait_for(Kind::kSucceeded, 1);
    at(kMidnight + kMinute);
    wait_for(Kind::kClockBack);
    at(kMidnight + kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_EQ(last(Kind::kSucceeded).planned_at_us, kMidnight + kHour);
}

TEST_F(SchedulerTest, AJumpForwardWritesDownWhatWasMissed) {
    start("0 * * * *");
    at(kMidnight + 5 * kHour + 5 * kMinute);
    wait_for(Kind::kMissed);
    EXPECT_EQ(last(Kind::kMissed).count, 5);
    EXPECT_EQ(acts(), 0);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+300: missed")) << "the latest stands for all";
}

// --- restart

TEST_F(SchedulerTest, NothingIsMissedBeforeTheFirstStart) {
    clock_.set(kMidnight + 30 * kMinute);
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    at(kMidnight + 31 * kMinute);
    stop();
    EXPECT_EQ(acts(), 0);
    EXPECT_THAT(store_.outcomes(), IsEmpty());
}

TEST_F(SchedulerTest, AfterARestartSkipWaitsForTheNext) {
    start("0 * * * *");
    stop();
    clock_.set(kMidnight + 3 * kHour + kSecond);
    start("0 * * * *");
    wait_for(Kind::kMissed);
    EXPECT_EQ(last(Kind::kMissed).count, 3);
    at(kMidnight + 4 * kHour);
    wait_for(Kind::kSucceeded);
    EXPECT_EQ(acts(), 1);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+180: missed", "+240: succeeded"));
}

TEST_F(SchedulerTest, AfterARestartLatestMakesUpForOne) {
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    stop();
    clock_.set(kMidnight + 3 * kHour + kMinute);
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    wait_for(Kind::kSucceeded);
    EXPECT_EQ(last(Kind::kMissed).count, 2);
    stop();
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    at(kMidnight + 3 * kHour + 2 * kMinute);
    stop();
    EXPECT_EQ(acts(), 1) << "once";
    EXPECT_THAT(store_.outcomes(), ElementsAre("+180: succeeded"));
}

TEST_F(SchedulerTest, ANewDefinitionHasMissedNothing) {
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    stop();
    clock_.set(kMidnight + 3 * kHour + kMinute);
    start("30 * * * *", Overlap::kSkip, Misfire::kLatest);
    at(kMidnight + 3 * kHour + 2 * kMinute);
    stop();
    EXPECT_EQ(acts(), 0);
}

TEST_F(SchedulerTest, ACrashBetweenClaimAndWorkFiresNothingTwice) {
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    stop();
    // The process died right after this.
    ASSERT_TRUE(*store_.claim_occurrence("job", kMidnight + kHour, kMidnight + kHour));
    clock_.set(kMidnight + kHour + kMinute);
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    wait_for(Kind::kInterrupted);
    at(kMidnight + kHour + 2 * kMinute);
    stop();
    EXPECT_EQ(acts(), 0);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: interrupted"));
}

TEST_F(SchedulerTest, ACrashAtWorkFiresNothingTwice) {
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    store_.lose_outcomes(true);
    at(kMidnight + kHour);
    wait_for(Kind::kStoreFailed);
    stop();
    store_.lose_outcomes(false);
    start("0 * * * *", Overlap::kSkip, Misfire::kLatest);
    wait_for(Kind::kInterrupted);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kSucceeded, 2);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: interrupted", "+120: succeeded"));
    EXPECT_EQ(acts(), 2);
}

// --- stop

TEST_F(SchedulerTest, StoppingAsksTheWorkToStopAndWaitsForIt) {
    hold_work();
    start("0 * * * *", Overlap::kQueue, Misfire::kLatest);
    at(kMidnight + kHour);
    wait_for(Kind::kStarted);
    at(kMidnight + 2 * kHour);
    wait_for(Kind::kQueued);
    scheduler_->begin_stop();
    scheduler_->stop();
    EXPECT_EQ(times(Kind::kCancelled), 1);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: cancelled")) << "what waited was not claimed";
    scheduler_.reset();
    end_work();
    start("0 * * * *", Overlap::kQueue, Misfire::kLatest);
    wait_for(Kind::kSucceeded);
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: cancelled", "+120: succeeded"));
}

TEST_F(SchedulerTest, StoppingEndsTheWaitForABusyJob) {
    start("0 * * * *", Overlap::kQueue);
    answer_always({ErrorCode::kBusy, "a run is at work"});
    at(kMidnight + kHour);
    wait_for(Kind::kQueued);
    scheduler_->stop();
    EXPECT_THAT(store_.outcomes(), ElementsAre("+60: cancelled"));
}

}  // namespace
}  // namespace muster
