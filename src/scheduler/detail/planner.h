// Which occurrences of a schedule are due. Knows no threads and no clock: a function of the
// instants it is given, which may jump forward and backward. Not thread-safe.
#pragma once

#include "scheduler/schedule.h"

#include <cstdint>
#include <optional>

namespace muster {

struct DueOccurrences {
    std::optional<std::int64_t> fire_us;  // to run now
    // Those that will not run; counted up to kMissedCountMax.
    std::int64_t missed = 0;
    std::int64_t missed_last_us = 0;
    std::int64_t clock_back_us = 0;  // how far the clock was turned back since the last look
};

class Planner {
  public:
    // All occurrences up to `handled_us` are dealt with. Those after it and before the first look
    // were missed.
    Planner(const Schedule& schedule, std::int64_t handled_us);

    // What came due since the last look. At most one is run: the latest, if it is not late by more
    // than kLateSecondsMax or if the misfire rule wants it made up for. At the first look anything
    // is late. After a clock was turned back occurrences come due once more; only the store knows
    // which of them have run.
    DueOccurrences look(std::int64_t now_us);
    // When to look again at the latest; nothing if it never fires any more.
    std::optional<std::int64_t> next_us() const { return next_us_; }

  private:
    std::optional<std::int64_t> latest_until(std::int64_t now_us) const;

    const Schedule schedule_;
    std::int64_t handled_us_;
    std::optional<std::int64_t> next_us_;
    bool first_look_ = true;
};

}  // namespace muster
