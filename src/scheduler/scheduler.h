// Runs jobs by their schedules. One thread waits for the next occurrence; every job has a thread of
// its own, so that a job never runs twice at once and never holds up another.
//
// An occurrence is claimed in the store before its work begins: a crash leaves it unfinished, and
// it does not run again; the next start, or the next occurrence of the job in a process that shares
// the store, marks it as interrupted. An outcome that the store did not take is kept and written
// before the next occurrence, and when the scheduler stops. The clock may be set forward and
// backward: a jump is noticed within kClockLookSeconds, and no occurrence fires twice.
//
// Owns its threads. Clock, store and what the actions use must outlive it. Thread-safe.
#pragma once

#include "core/cancel.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/result.h"
#include "scheduler/occurrence_store.h"
#include "scheduler/schedule.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace muster {

// Does the work of one occurrence and returns after its end, with a text for people. kBusy if
// something else is at the same work: with Overlap::kQueue it is tried again until it is free.
// `stop` is cancelled when the scheduler stops; kCancelled is the answer to that. Must not throw.
using ScheduledAction = std::function<Result<std::string>(const CancelToken& stop)>;

struct ScheduledJob {
    std::string name;  // unique
    Schedule schedule;
    ScheduledAction action;
};

enum class ScheduleEventKind {
    kStarted,
    kQueued,  // waits for the end of the one before, or until the work is free
    kSucceeded,
    kFailed,
    kCancelled,    // the scheduler was stopped meanwhile
    kSkipped,      // the one before was at work
    kMissed,       // nobody was there
    kInterrupted,  // found at the start or before an occurrence: a process died at work
    kClockBack,    // the clock was turned back
    kStoreFailed,  // an occurrence could not be written down; `detail` says why
};

std::string_view schedule_event_text(ScheduleEventKind kind);  // "started", "clock_back", ...

struct ScheduleEvent {
    ScheduleEventKind kind = ScheduleEventKind::kStarted;
    std::string job;
    std::int64_t planned_at_us = 0;  // 0 where it is about no single occurrence
    std::int64_t count = 1;          // of missed and interrupted occurrences
    std::string detail;
};

struct SchedulerOptions {
    const Clock& clock;
    OccurrenceStore& store;
    // Told of everything that happens, from any thread, several at once.
    std::function<void(const ScheduleEvent&)> observe;
    std::int64_t look_every_ms = kClockLookSeconds * 1000;
    std::int64_t retry_ms = kScheduleRetrySeconds * 1000;
};

class Scheduler {
  public:
    // Deals with what was missed, then waits for what comes. Fails if the store does.
    static Result<std::unique_ptr<Scheduler>> start(SchedulerOptions options,
                                                    std::vector<ScheduledJob> jobs);
    ~Scheduler();  // stop()
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // Looks at the clock now instead of at the next occurrence.
    void look();
    // Nothing fires any more, and the work that goes on is asked to stop. Does not wait.
    void begin_stop();
    // The same, and waits for the work to end.
    void stop();

  private:
    struct Job;
    struct Outcome;

    explicit Scheduler(SchedulerOptions options);
    Result<void> add(ScheduledJob job, std::int64_t now_us);
    void watch();
    void take_due(Job& job, std::int64_t now_us);
    bool hand_over(Job& job, std::int64_t planned_us);
    void work(Job& job);
    void run_occurrence(Job& job, std::int64_t planned_us);
    void note_interrupted(Job& job);
    bool claim(Job& job, std::int64_t planned_us);
    Result<std::string> act(Job& job, std::int64_t planned_us);
    void finish(Job& job,
                std::int64_t planned_us,
                ScheduleEventKind kind,
                const std::string& detail);
    // False if the store does not take it.
    bool write(const Job& job, const Outcome& outcome);
    // Writes the outcomes that are kept. False if some are left. Requires: outcomes_mutex_.
    bool write_kept(Job& job);
    // Writes down an occurrence that does not run.
    void leave_out(Job& job,
                   std::int64_t planned_us,
                   ScheduleEventKind kind,
                   std::int64_t count,
                   const std::string& detail);
    void observe(const Job& job,
                 ScheduleEventKind kind,
                 std::int64_t planned_us,
                 const std::string& detail = {},
                 std::int64_t count = 1) const;
    // False if the scheduler stops meanwhile.
    bool pause(Job& job);

    const SchedulerOptions options_;
    CancelToken stop_;
    // What is left out is at work for a moment, and not interrupted. Guards the kept outcomes.
    std::mutex outcomes_mutex_;
    std::mutex mutex_;
    std::condition_variable changed_;  // of look_now_ and stopping_
    bool look_now_ = false;
    bool stopping_ = false;
    std::vector<std::unique_ptr<Job>> jobs_;
    std::thread thread_;
};

}  // namespace muster
