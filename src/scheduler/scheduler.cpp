#include "scheduler/scheduler.h"

#include "core/check.h"
#include "scheduler/detail/planner.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace muster {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

}  // namespace

struct Scheduler::Outcome {
    std::int64_t planned_us = 0;
    ScheduleEventKind kind = ScheduleEventKind::kSucceeded;
    std::string detail;
    std::int64_t finished_us = 0;
};

struct Scheduler::Job {
    Job(ScheduledJob scheduled, const Planner& planner_of_job)
        : job(std::move(scheduled)), planner(planner_of_job) {}

    const ScheduledJob job;
    Planner planner;  // of the waiting thread alone
    // Guarded by the scheduler's mutex, up to the thread.
    std::condition_variable changed;
    std::optional<std::int64_t> waiting_us;  // the occurrence that is next
    bool busy = false;
    std::thread thread;
    // Not taken by the store so far; guarded by the scheduler's outcomes_mutex_.
    std::vector<Outcome> kept;
};

std::string_view schedule_event_text(ScheduleEventKind kind) {
    switch (kind) {
        case ScheduleEventKind::kStarted:
            return "started";
        case ScheduleEventKind::kQueued:
            return "queued";
        case ScheduleEventKind::kSucceeded:
            return "succeeded";
        case ScheduleEventKind::kFailed:
            return "failed";
        case ScheduleEventKind::kCancelled:
            return "cancelled";
        case ScheduleEventKind::kSkipped:
            return "skipped";
        case ScheduleEventKind::kMissed:
            return "missed";
        case ScheduleEventKind::kInterrupted:
            return "interrupted";
        case ScheduleEventKind::kClockBack:
            return "clock_back";
        case ScheduleEventKind::kStoreFailed:
            return "store_failed";
    }
    return {};
}

Scheduler::Scheduler(SchedulerOptions options) : options_(std::move(options)) {}

Scheduler::~Scheduler() { stop(); }

Result<std::unique_ptr<Scheduler>> Scheduler::start(SchedulerOptions options,
                                                    std::vector<ScheduledJob> jobs) {
    std::unique_ptr<Scheduler> scheduler{new Scheduler(std::move(options))};
    const std::int64_t now_us = scheduler->options_.clock.now_us();
    for (ScheduledJob& job : jobs) {
        MUSTER_TRY(scheduler->add(std::move(job), now_us));
    }
    for (const auto& job : scheduler->jobs_) {
        scheduler->take_due(*job, now_us);
        job->thread = std::thread{[self = scheduler.get(), at = job.get()] { self->work(*at); }};
    }
    scheduler->thread_ = std::thread{[self = scheduler.get()] { self->watch(); }};
    return scheduler;
}

Result<void> Scheduler::add(ScheduledJob job, std::int64_t now_us) {
    MUSTER_CHECK(job.action != nullptr);
    OccurrenceStore& store = options_.store;
    MUSTER_ASSIGN(const auto interrupted, store.interrupt_occurrences(job.name, now_us));
    MUSTER_ASSIGN(const auto since_us,
                  store.scheduled_since(job.name, job.schedule.definition(), now_us));
    MUSTER_ASSIGN(const auto last, store.last_occurrence(job.name, now_us));
    const std::int64_t handled_us = last ? std::max(since_us, last->planned_at_us) : since_us;
    const Planner planner{job.schedule, handled_us};
    jobs_.push_back(std::make_unique<Job>(std::move(job), planner));
    if (interrupted > 0) {
        observe(*jobs_.back(), ScheduleEventKind::kInterrupted, 0, {}, interrupted);
    }
    return {};
}

// --- the waiting thread

void Scheduler::watch() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        look_now_ = false;
        lock.unlock();
        const std::int64_t now_us = options_.clock.now_us();
        std::int64_t wait_us = options_.look_every_ms * 1000;
        for (const auto& job : jobs_) {
            take_due(*job, now_us);
            if (const auto next_us = job->planner.next_us()) {
                wait_us = std::min(wait_us, *next_us - now_us);
            }
        }
        lock.lock();
        changed_.wait_for(
            lock, std::chrono::microseconds{wait_us}, [this] { return stopping_ || look_now_; });
    }
}

void Scheduler::take_due(Job& job, std::int64_t now_us) {
    const DueOccurrences due = job.planner.look(now_us);
    if (due.clock_back_us >= kSecondUs) {
        observe(job,
                ScheduleEventKind::kClockBack,
                0,
                fmt::format("the clock went back by {} s", due.clock_back_us / kSecondUs));
    }
    if (due.missed > 0 && due.fire_us) {
        observe(job, ScheduleEventKind::kMissed, 0, "only the latest fires", due.missed);
    } else if (due.missed > 0) {
        leave_out(job, due.missed_last_us, ScheduleEventKind::kMissed, due.missed, {});
    }
    if (due.fire_us && !hand_over(job, *due.fire_us)) {
        leave_out(job,
                  *due.fire_us,
                  ScheduleEventKind::kSkipped,
                  1,
                  "the occurrence before it is at work");
    }
}

// False if there is no place for it.
bool Scheduler::hand_over(Job& job, std::int64_t planned_us) {
    bool queued = false;
    {
        const std::lock_guard lock{mutex_};
        queued = job.busy;
        if (job.waiting_us || (job.busy && job.job.schedule.overlap == Overlap::kSkip)) {
            return false;
        }
        job.waiting_us = planned_us;
    }
    job.changed.notify_all();
    if (queued) {
        observe(job,
                ScheduleEventKind::kQueued,
                planned_us,
                "it waits for the end of the occurrence before it");
    }
    return true;
}

void Scheduler::leave_out(Job& job,
                          std::int64_t planned_us,
                          ScheduleEventKind kind,
                          std::int64_t count,
                          const std::string& detail) {
    const std::int64_t now_us = options_.clock.now_us();
    const std::lock_guard lock{outcomes_mutex_};
    const auto claimed = options_.store.claim_occurrence(job.job.name, planned_us, now_us);
    if (!claimed.ok()) {
        observe(job, ScheduleEventKind::kStoreFailed, planned_us, claimed.error().message);
    } else if (!*claimed) {
        return;  // it ran before the clock was turned back
    } else if (const Outcome outcome{planned_us, kind, detail, now_us}; !write(job, outcome)) {
        job.kept.push_back(outcome);
    }
    observe(job, kind, planned_us, detail, count);
}

// --- the thread of a job

void Scheduler::work(Job& job) {
    std::unique_lock lock{mutex_};
    while (true) {
        job.changed.wait(lock, [this, &job] { return stopping_ || job.waiting_us.has_value(); });
        if (stopping_) {
            return;  // what waits was not claimed: the next start finds it missed
        }
        const std::int64_t planned_us = *job.waiting_us;
        job.waiting_us.reset();
        job.busy = true;
        lock.unlock();
        run_occurrence(job, planned_us);
        lock.lock();
        job.busy = false;
    }
}

void Scheduler::run_occurrence(Job& job, std::int64_t planned_us) {
    note_interrupted(job);
    if (!claim(job, planned_us)) {
        return;
    }
    observe(job, ScheduleEventKind::kStarted, planned_us);
    const Result<std::string> done = act(job, planned_us);
    if (done.ok()) {
        finish(job, planned_us, ScheduleEventKind::kSucceeded, *done);
        return;
    }
    const ErrorCode code = done.error().code;
    finish(job,
           planned_us,
           code == ErrorCode::kBusy        ? ScheduleEventKind::kSkipped
           : code == ErrorCode::kCancelled ? ScheduleEventKind::kCancelled
                                           : ScheduleEventKind::kFailed,
           done.error().message);
}

// Of another process, which died after this one had started: nothing of this job is at work here,
// and what ended here is written first.
void Scheduler::note_interrupted(Job& job) {
    const std::lock_guard lock{outcomes_mutex_};
    if (!write_kept(job)) {
        return;
    }
    const auto interrupted =
        options_.store.interrupt_occurrences(job.job.name, options_.clock.now_us());
    if (!interrupted.ok()) {
        observe(job, ScheduleEventKind::kStoreFailed, 0, interrupted.error().message);
    } else if (*interrupted > 0) {
        observe(job, ScheduleEventKind::kInterrupted, 0, {}, *interrupted);
    }
}

// False if it has run before, or the scheduler stops before the store answers.
bool Scheduler::claim(Job& job, std::int64_t planned_us) {
    while (true) {
        const auto claimed =
            options_.store.claim_occurrence(job.job.name, planned_us, options_.clock.now_us());
        if (claimed.ok()) {
            return *claimed;
        }
        observe(job, ScheduleEventKind::kStoreFailed, planned_us, claimed.error().message);
        if (!pause(job)) {
            return false;
        }
    }
}

Result<std::string> Scheduler::act(Job& job, std::int64_t planned_us) {
    bool queued = false;
    while (true) {
        Result<std::string> done = job.job.action(stop_);
        if (done.ok() || done.error().code != ErrorCode::kBusy ||
            job.job.schedule.overlap == Overlap::kSkip) {
            return done;
        }
        if (!std::exchange(queued, true)) {
            observe(job, ScheduleEventKind::kQueued, planned_us, done.error().message);
        }
        if (!pause(job)) {
            return Error{ErrorCode::kCancelled, "stopped while it waited: " + done.error().message};
        }
    }
}

void Scheduler::finish(Job& job,
                       std::int64_t planned_us,
                       ScheduleEventKind kind,
                       const std::string& detail) {
    if (const Outcome outcome{planned_us, kind, detail, options_.clock.now_us()};
        !write(job, outcome)) {
        const std::lock_guard lock{outcomes_mutex_};
        job.kept.push_back(outcome);
    }
    {
        const std::lock_guard lock{mutex_};
        job.busy = false;  // before the end is told: who waited for it finds the job free
    }
    observe(job, kind, planned_us, detail);
}

bool Scheduler::write(const Job& job, const Outcome& outcome) {
    const auto done = options_.store.finish_occurrence(job.job.name,
                                                       outcome.planned_us,
                                                       schedule_event_text(outcome.kind),
                                                       outcome.detail,
                                                       outcome.finished_us);
    if (!done.ok()) {
        observe(job, ScheduleEventKind::kStoreFailed, outcome.planned_us, done.error().message);
    }
    return done.ok();
}

bool Scheduler::write_kept(Job& job) {
    while (!job.kept.empty() && write(job, job.kept.front())) {
        job.kept.erase(job.kept.begin());
    }
    return job.kept.empty();
}

void Scheduler::observe(const Job& job,
                        ScheduleEventKind kind,
                        std::int64_t planned_us,
                        const std::string& detail,
                        std::int64_t count) const {
    if (options_.observe) {
        options_.observe({.kind = kind,
                          .job = job.job.name,
                          .planned_at_us = planned_us,
                          .count = count,
                          .detail = detail});
    }
}

bool Scheduler::pause(Job& job) {
    std::unique_lock lock{mutex_};
    return !job.changed.wait_for(
        lock, std::chrono::milliseconds{options_.retry_ms}, [this] { return stopping_; });
}

// --- look and stop

void Scheduler::look() {
    {
        const std::lock_guard lock{mutex_};
        look_now_ = true;
    }
    changed_.notify_all();
}

void Scheduler::begin_stop() {
    stop_.cancel();
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
    for (const auto& job : jobs_) {
        job->changed.notify_all();
    }
}

void Scheduler::stop() {
    begin_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    for (const auto& job : jobs_) {
        if (job->thread.joinable()) {
            job->thread.join();
        }
    }
    const std::lock_guard lock{outcomes_mutex_};
    for (const auto& job : jobs_) {
        write_kept(*job);
    }
}

}  // namespace muster
