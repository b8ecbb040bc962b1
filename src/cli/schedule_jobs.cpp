#include "cli/schedule_jobs.h"

#include "backup/backup.h"
#include "core/check.h"
#include "present/json.h"

#include <fmt/core.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muster {
namespace {

constexpr std::int64_t kDayUs = std::int64_t{24} * 3600 * 1'000'000;

Result<std::string> run_by_schedule(RunManager& runs, const CancelToken& stop) {
    MUSTER_ASSIGN(const auto started, runs.start({}, false, "schedule"));
    MUSTER_ASSIGN(const std::string status, runs.wait(started.run_id, stop));
    return fmt::format("run {} {}", started.run_id, status);
}

// Every table, one after the other: one that fails does not keep the others from it. Then those
// that are beyond the retention go.
Result<std::string> backup_by_schedule(App& app, const CancelToken& stop) {
    const Services& services = app.services();
    const BackupContext context = app.backups().context(&stop);
    const BackupRetention& retention = services.catalog.backup_retention;
    ExpirePolicy policy{.keep = static_cast<std::size_t>(retention.keep)};
    if (retention.older_than_days > 0) {
        policy.older_than_us = retention.older_than_days * kDayUs;
    }
    std::size_t expired = 0;
    std::string failures;
    for (const Table& table : services.catalog.tables) {
        const auto made = app.backups().create(table, {.trigger = "schedule", .wait = true}, &stop);
        if (!made.ok()) {
            failures += fmt::format("; {}: {}", table.name.str(), made.error().message);
            continue;
        }
        MUSTER_ASSIGN(const auto gone, expire_backups(context, table.name.str(), policy));
        expired += gone.size();
    }
    if (!failures.empty()) {
        return Error{stop.cancelled() ? ErrorCode::kCancelled : ErrorCode::kInternal,
                     "not every table was backed up" + failures};
    }
    return fmt::format(
        "{} tables backed up, {} old backups removed", services.catalog.tables.size(), expired);
}

// What each job of the catalog's schedules does. A schedule of another module has its line here.
std::map<std::string, ScheduledAction> actions_of(App& app) {
    return {
        {"run", [&app](const CancelToken& stop) { return run_by_schedule(app.runs(), stop); }},
        {"backup", [&app](const CancelToken& stop) { return backup_by_schedule(app, stop); }},
    };
}

bool is_error(ScheduleEventKind kind) {
    return kind == ScheduleEventKind::kFailed || kind == ScheduleEventKind::kStoreFailed;
}

std::string event_line(const ScheduleEvent& event, const Clock& clock, bool json) {
    const std::string now = format_timestamp_us(clock.now_us());
    const std::string planned =
        event.planned_at_us == 0 ? std::string{} : format_timestamp_us(event.planned_at_us);
    const std::string_view what = schedule_event_text(event.kind);
    if (json) {
        JsonObject object;
        object.text("time", now)
            .text("level", is_error(event.kind) ? "error" : "info")
            .text("event", "schedule")
            .text("job", event.job)
            .text("what", what);
        if (!planned.empty()) {
            object.text("planned_at", planned);
        }
        return object.number("count", event.count).text("detail", event.detail).str();
    }
    return fmt::format("{} schedule {}: {}{}{}{}",
                       now,
                       event.job,
                       what,
                       event.count == 1 ? "" : fmt::format(" {} times", event.count),
                       planned.empty() ? "" : ", planned for " + planned,
                       event.detail.empty() ? "" : ": " + event.detail);
}

void note_next(VerbContext& context, const NamedSchedule& named) {
    const Schedule& schedule = named.schedule;
    const auto next_us = next_after(schedule.cron, schedule.zone, context.clock.now_us());
    context.console.note(fmt::format("schedule {}: '{}' {}, next at {}",
                                     named.job,
                                     schedule.cron.text(),
                                     schedule.zone.name(),
                                     next_us ? schedule.zone.local_text(*next_us) : "never"));
}

}  // namespace

Result<std::unique_ptr<Scheduler>> start_schedules(VerbContext& context, App& app) {
    std::map<std::string, ScheduledAction> actions = actions_of(app);
    std::vector<ScheduledJob> jobs;
    for (const NamedSchedule& named : context.catalog->schedules) {
        const auto action = actions.find(named.job);
        MUSTER_CHECK(action != actions.end());
        jobs.push_back({named.job, named.schedule, action->second});
        note_next(context, named);
    }
    if (jobs.empty()) {
        return std::unique_ptr<Scheduler>{};
    }
    const Clock& clock = context.clock;
    const auto observe = [&app, &clock](const ScheduleEvent& event) {
        app.metrics().add(
            "muster_schedule_events_total",
            {{"job", event.job}, {"event", std::string{schedule_event_text(event.kind)}}},
            static_cast<double>(event.count));
        if (app.options().log_requests || is_error(event.kind)) {
            app.log_line(event_line(event, clock, app.options().log_json));
        }
    };
    return Scheduler::start(
        {.clock = clock, .store = app.services().warehouse.state(), .observe = observe},
        std::move(jobs));
}

}  // namespace muster
