// What `muster serve` does by itself: the jobs with their last occurrence, and when they fire next.
#include "scheduler/schedule.h"

#include "cli/rows.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"
#include "types/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace muster {
namespace {

constexpr std::int64_t kCountDefault = 5;
constexpr std::int64_t kCountMax = 10'000;

Value instant_value(std::optional<std::int64_t> instant_us) {
    return instant_us ? text_value(format_timestamp_us(*instant_us)) : Value{};
}

void say_if_nothing_is_scheduled(VerbContext& context) {
    if (context.catalog->schedules.empty()) {
        context.console.note(
            "nothing is scheduled; for a run every day at 03:00 put 'run = \"0 3 * * *\"' under "
            "[schedule] in muster.toml");
    }
}

Result<int> run_schedule_list(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    const std::int64_t now_us = context.clock.now_us();
    RowPrinter printer{context.console,
                       {text_column("job"),
                        text_column("cron"),
                        text_column("zone"),
                        text_column("overlap"),
                        text_column("misfire"),
                        text_column("last_planned_at"),
                        text_column("last_outcome"),
                        text_column("last_detail"),
                        text_column("next_at"),
                        text_column("next_local")}};
    for (const auto& [job, schedule] : context.catalog->schedules) {
        MUSTER_ASSIGN(const auto last, warehouse->state().last_occurrence(job, now_us));
        const auto next_us = next_after(schedule.cron, schedule.zone, now_us);
        printer.add({text_value(job),
                     text_value(schedule.cron.text()),
                     text_value(schedule.zone.name()),
                     text_value(std::string{overlap_text(schedule.overlap)}),
                     text_value(std::string{misfire_text(schedule.misfire)}),
                     last ? instant_value(last->planned_at_us) : Value{},
                     last ? text_value(last->outcome) : Value{},
                     last ? text_or_null(last->detail) : Value{},
                     instant_value(next_us),
                     next_us ? text_value(schedule.zone.local_text(*next_us)) : Value{}});
    }
    printer.finish();
    say_if_nothing_is_scheduled(context);
    return 0;
}

Result<std::int64_t> count_of(const Arguments& arguments) {
    const auto text = arguments.value("count");
    if (!text) {
        return kCountDefault;
    }
    std::int64_t count = 0;
    const char* end = text->data() + text->size();
    const auto [rest, status] = std::from_chars(text->data(), end, count);
    if (status != std::errc{} || rest != end || count < 1 || count > kCountMax) {
        return Error{
            ErrorCode::kUsage,
            fmt::format("option --count: '{}' is no number from 1 to {}", *text, kCountMax)};
    }
    return count;
}

Result<std::int64_t> after_of(const VerbContext& context) {
    const auto text = context.arguments.value("after");
    std::int64_t after_us = context.clock.now_us();
    if (text && decode_timestamp(*text, {}, after_us) != DecodeStatus::kOk) {
        return Error{ErrorCode::kUsage,
                     fmt::format("option --after: '{}' is no time", *text),
                     "write it as 2026-03-29T01:00:00Z or 2026-03-29T02:00:00+01:00"};
    }
    return after_us;
}

// The schedules that the words of the command line name.
Result<std::vector<NamedSchedule>> chosen(const VerbContext& context) {
    const std::vector<NamedSchedule>& all = context.catalog->schedules;
    if (context.arguments.words.empty()) {
        return all;
    }
    const std::string& job = context.arguments.words[0];
    std::vector<std::string> names;
    for (const NamedSchedule& named : all) {
        if (named.job == job) {
            return std::vector{named};
        }
        names.push_back(named.job);
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("no job '{}' is scheduled{}", job, did_you_mean(job, names)),
                 "muster schedule list shows the jobs"};
}

Result<int> run_schedule_next(VerbContext& context) {
    MUSTER_ASSIGN(const std::int64_t count, count_of(context.arguments));
    MUSTER_ASSIGN(const std::int64_t after_us, after_of(context));
    MUSTER_ASSIGN(const auto schedules, chosen(context));
    std::vector<std::pair<std::int64_t, const NamedSchedule*>> firings;
    for (const NamedSchedule& named : schedules) {
        auto at = next_after(named.schedule.cron, named.schedule.zone, after_us);
        for (std::int64_t i = 0; i < count && at; ++i) {
            firings.emplace_back(*at, &named);
            at = next_after(named.schedule.cron, named.schedule.zone, *at);
        }
    }
    std::stable_sort(firings.begin(), firings.end(), [](const auto& a, const auto& b) {
        return a.first < b.first;
    });
    if (firings.size() > static_cast<std::size_t>(count)) {
        firings.resize(static_cast<std::size_t>(count));
    }
    RowPrinter printer{
        context.console,
        {text_column("job"), text_column("utc"), text_column("local"), text_column("zone")}};
    for (const auto& [at_us, named] : firings) {
        printer.add({text_value(named->job),
                     text_value(format_timestamp_us(at_us)),
                     text_value(named->schedule.zone.local_text(at_us)),
                     text_value(named->schedule.zone.name())});
    }
    printer.finish();
    say_if_nothing_is_scheduled(context);
    return 0;
}

}  // namespace

VerbSpec schedule_list_verb() {
    return {
        .name = "schedule list",
        .summary = "the jobs `muster serve` runs by itself, their last and next occurrence",
        .example = "muster schedule list --json",
        .needs_catalog = true,
        .needs_database = always,
        .run = run_schedule_list,
    };
}

VerbSpec schedule_next_verb() {
    return {
        .name = "schedule next",
        .words = "[JOB]",
        .summary = "when the jobs fire next, in UTC and in their time zone",
        .example = "muster schedule next run --count 3 --after 2026-03-28T12:00:00Z",
        .options = {{"count", 0, "N", "how many, 5 if not given"},
                    {"after", 0, "TIME", "the first is after this instant, now if not given"}},
        .words_max = 1,
        .needs_catalog = true,
        .run = run_schedule_next,
    };
}

}  // namespace muster
