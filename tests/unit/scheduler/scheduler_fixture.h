// What the scheduler's tests work with: a clock to set, a store in memory that survives its
// scheduler as a database does, and a job whose work ends when the test says so.
#pragma once

#include "core/clock.h"
#include "scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muster {

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kMidnight = 1'767'225'600 * kSecond;  // 2026-01-01T00:00:00Z

class SettableClock final : public Clock {
  public:
    std::int64_t now_us() const override { return now_us_.load(); }
    std::int64_t monotonic_ns() const override { return now_us() * 1000; }
    void set(std::int64_t now_us) { now_us_ = now_us; }

  private:
    std::atomic<std::int64_t> now_us_{kMidnight};
};

class MemoryStore final : public OccurrenceStore {
  public:
    Result<std::int64_t> scheduled_since(std::string_view job,
                                         std::string_view definition,
                                         std::int64_t now_us) override {
        const std::lock_guard lock{mutex_};
        auto& known = schedules_[std::string{job}];
        if (known.first != definition) {
            known = {std::string{definition}, now_us};
        }
        return known.second;
    }
    Result<bool> claim_occurrence(std::string_view job,
                                  std::int64_t planned_at_us,
                                  std::int64_t now_us) override {
        const std::lock_guard lock{mutex_};
        if (failures_ > 0) {
            --failures_;
            return Error{ErrorCode::kUnavailable, "the disk is full"};
        }
        const bool claimed =
            records_
                .try_emplace({std::string{job}, planned_at_us},
                             OccurrenceRecord{planned_at_us, now_us, 0, "started", ""})
                .second;
        refused_ += claimed ? 0 : 1;
        changed_.notify_all();
        return claimed;
    }
    Result<void> finish_occurrence(std::string_view job,
                                   std::int64_t planned_at_us,
                                   std::string_view outcome,
                                   std::string_view detail,
                                   std::int64_t now_us) override {
        const std::lock_guard lock{mutex_};
        if (deaf_) {
            return Error{ErrorCode::kIo, "the process died"};
        }
        if (outcome_failures_ > 0) {
            --outcome_failures_;
            return Error{ErrorCode::kUnavailable, "the disk is full"};
        }
        OccurrenceRecord& record = records_.at({std::string{job}, planned_at_us});
        record.finished_at_us = now_us;
        record.outcome = outcome;
        record.detail = detail;
        return {};
    }
    Result<std::int64_t> interrupt_occurrences(std::string_view job, std::int64_t now_us) override {
        const std::lock_guard lock{mutex_};
        std::int64_t count = 0;
        for (auto& [key, record] : records_) {
            if (key.first == job && record.finished_at_us == 0) {
                record.finished_at_us = now_us;
                record.outcome = "interrupted";
                ++count;
            }
        }
        return count;
    }
    Result<std::optional<OccurrenceRecord>> last_occurrence(std::string_view job,
                                                            std::int64_t until_us) override {
        const std::lock_guard lock{mutex_};
        std::optional<OccurrenceRecord> last;
        for (const auto& [key, record] : records_) {
            if (key.first == job && record.planned_at_us <= until_us) {
                last = record;
            }
        }
        return last;
    }

    // The next claims fail.
    void fail_claims(int count) {
        const std::lock_guard lock{mutex_};
        failures_ = count;
    }
    // The next outcomes are not written.
    void fail_outcomes(int count) {
        const std::lock_guard lock{mutex_};
        outcome_failures_ = count;
    }
    // No outcome is written any more, as if the process had died at work.
    void lose_outcomes(bool lose) {
        const std::lock_guard lock{mutex_};
        deaf_ = lose;
    }
    // Waits until a claim was refused; false if none is.
    bool wait_for_refusal() {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return refused_ > 0; });
    }
    // "+60: succeeded": minutes since midnight.
    std::vector<std::string> outcomes() {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> texts;
        for (const auto& [key, record] : records_) {
            texts.push_back("+" + std::to_string((record.planned_at_us - kMidnight) / kMinute) +
                            ": " + record.outcome);
        }
        return texts;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::pair<std::string, std::int64_t>> schedules_;
    std::map<std::pair<std::string, std::int64_t>, OccurrenceRecord> records_;
    std::condition_variable changed_;
    int refused_ = 0;
    int failures_ = 0;
    int outcome_failures_ = 0;
    bool deaf_ = false;
};

class SchedulerTest : public testing::Test {
  protected:
    void TearDown() override { stop(); }

    void start(const char* cron, Overlap overlap = Overlap::kSkip, Misfire misfire = {}) {
        auto started = Scheduler::start(
            {.clock = clock_,
             .store = store_,
             .observe = [this](const ScheduleEvent& event) { add(event); },
             .look_every_ms = 3'600'000,
             .retry_ms = 1},
            {{"job",
              {.cron = *Cron::parse(cron), .zone = {}, .overlap = overlap, .misfire = misfire},
              [this](const CancelToken& stop) { return act(stop); }}});
        ASSERT_TRUE(started.ok()) << started.error().message;
        scheduler_ = *std::move(started);
    }
    void stop() {
        end_work();
        scheduler_.reset();
    }
    void at(std::int64_t now_us) {
        clock_.set(now_us);
        scheduler_->look();
    }

    // The work of occurrences lasts until end_work().
    void hold_work() {
        const std::lock_guard lock{mutex_};
        hold_ = true;
    }
    void end_work() {
        const std::lock_guard lock{mutex_};
        hold_ = false;
        changed_.notify_all();
    }
    // What the work answers from now on.
    void answer(std::vector<Result<std::string>> answers) {
        const std::lock_guard lock{mutex_};
        answers_ = std::move(answers);
    }
    void answer_always(Error error) {
        const std::lock_guard lock{mutex_};
        always_ = std::move(error);
    }
    // Waits until the work of so many began: it is told of as started a moment before.
    void wait_for_acts(int count) {
        std::unique_lock lock{mutex_};
        const bool began =
            changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return acts_ >= count; });
        ASSERT_TRUE(began) << acts_;
    }
    int acts() {
        const std::lock_guard lock{mutex_};
        return acts_;
    }

    // Waits until this happened `times` times in all.
    void wait_for(ScheduleEventKind kind, int times = 1) {
        std::unique_lock lock{mutex_};
        const bool happened =
            changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return count(kind) >= times; });
        ASSERT_TRUE(happened) << schedule_event_text(kind);
    }
    int times(ScheduleEventKind kind) {
        const std::lock_guard lock{mutex_};
        return count(kind);
    }
    ScheduleEvent last(ScheduleEventKind kind) {
        const std::lock_guard lock{mutex_};
        ScheduleEvent found;
        for (const ScheduleEvent& event : events_) {
            found = event.kind == kind ? event : found;
        }
        return found;
    }

    SettableClock clock_;
    MemoryStore store_;
    std::unique_ptr<Scheduler> scheduler_;

  private:
    void add(const ScheduleEvent& event) {
        const std::lock_guard lock{mutex_};
        events_.push_back(event);
        changed_.notify_all();
    }
    int count(ScheduleEventKind kind) const {
        int found = 0;
        for (const ScheduleEvent& event : events_) {
            found += event.kind == kind ? 1 : 0;
        }
        return found;
    }
    Result<std::string> act(const CancelToken& stop) {
        std::unique_lock lock{mutex_};
        ++acts_;
        changed_.notify_all();
        while (hold_ && !stop.cancelled()) {
            changed_.wait_for(lock, std::chrono::milliseconds{5});
        }
        if (stop.cancelled()) {
            return Error{ErrorCode::kCancelled, "stopped"};
        }
        if (always_) {
            return *always_;
        }
        if (answers_.empty()) {
            return std::string{"done"};
        }
        Result<std::string> next = answers_.front();
        answers_.erase(answers_.begin());
        return next;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<ScheduleEvent> events_;
    std::vector<Result<std::string>> answers_;
    std::optional<Error> always_;
    bool hold_ = false;
    int acts_ = 0;
};

}  // namespace muster
