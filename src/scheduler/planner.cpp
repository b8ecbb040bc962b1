#include "scheduler/detail/planner.h"

#include "core/limits.h"

#include <algorithm>
#include <array>

namespace muster {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kMinuteUs = 60 * kSecondUs;
constexpr std::int64_t kHourUs = 60 * kMinuteUs;
constexpr std::int64_t kDayUs = 24 * kHourUs;

// Years can lie between two looks: the latest occurrence is sought in ever wider windows that end
// now, so that the search does not walk through all of them.
constexpr std::array kWindowsUs = {kHourUs, kDayUs, 32 * kDayUs, 366 * kDayUs};

}  // namespace

Planner::Planner(const Schedule& schedule, std::int64_t handled_us)
    : schedule_(schedule),
      handled_us_(handled_us),
      next_us_(next_after(schedule_.cron, schedule_.zone, handled_us)) {}

std::optional<std::int64_t> Planner::latest_until(std::int64_t now_us) const {
    const auto latest_after = [&](std::int64_t from_us) {
        std::optional<std::int64_t> latest;
        for (auto at = next_after(schedule_.cron, schedule_.zone, from_us); at && *at <= now_us;
             at = next_after(schedule_.cron, schedule_.zone, *at)) {
            latest = at;
        }
        return latest;
    };
    for (const std::int64_t window_us : kWindowsUs) {
        if (now_us - window_us <= handled_us_) {
            break;
        }
        if (const auto latest = latest_after(now_us - window_us)) {
            return latest;
        }
    }
    return latest_after(handled_us_);
}

DueOccurrences Planner::look(std::int64_t now_us) {
    DueOccurrences due;
    if (now_us < handled_us_) {
        due.clock_back_us = handled_us_ - now_us;
        handled_us_ = now_us;
    }
    const std::optional<std::int64_t> latest = latest_until(now_us);
    if (latest) {
        for (auto at = next_after(schedule_.cron, schedule_.zone, handled_us_);
             at && *at <= now_us && due.missed < kMissedCountMax;
             at = next_after(schedule_.cron, schedule_.zone, *at)) {
            ++due.missed;
        }
        due.missed_last_us = *latest;
        const bool late = first_look_ || now_us - *latest > kLateSecondsMax * kSecondUs;
        if (!late || schedule_.misfire == Misfire::kLatest) {
            due.fire_us = latest;
            --due.missed;
        }
    }
    first_look_ = false;
    handled_us_ = now_us;
    next_us_ = next_after(schedule_.cron, schedule_.zone, now_us);
    return due;
}

}  // namespace muster
