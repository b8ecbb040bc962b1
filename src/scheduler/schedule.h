// A schedule: when a job fires and what becomes of occurrences that cannot. Instants are
// microseconds since 1970-01-01 UTC.
//
// Daylight saving, as in Debian's cron. An expression of fixed times (neither minute nor hour
// begins with '*'): a time that the clock skips fires once, right after the jump; a time that comes
// twice fires the first time only. Any other expression goes by elapsed time: it fires at every
// minute that exists and matches.
#pragma once

#include "scheduler/cron.h"
#include "scheduler/time_zone.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

// What becomes of an occurrence while the one before it is at work.
enum class Overlap {
    kSkip,   // it is left out
    kQueue,  // it waits for the end; only one waits, more are left out
};

// What becomes of occurrences that nobody was there for.
enum class Misfire {
    kSkip,    // they are left out
    kLatest,  // the latest is made up for, once
};

struct Schedule {
    Cron cron;
    TimeZone zone;
    Overlap overlap = Overlap::kSkip;
    Misfire misfire = Misfire::kSkip;

    // What decides when it fires: "0 3 * * * Europe/Berlin".
    std::string definition() const { return cron.text() + " " + zone.name(); }
};

// A schedule of the catalog and the job it is for.
struct NamedSchedule {
    std::string job;
    Schedule schedule;
};

std::string_view overlap_text(Overlap overlap);  // "skip", "queue"
std::string_view misfire_text(Misfire misfire);  // "skip", "latest"

// The first instant after `after_us` at which it fires; nothing after the year 9999. Pure.
std::optional<std::int64_t> next_after(const Cron& cron,
                                       const TimeZone& zone,
                                       std::int64_t after_us);

}  // namespace muster
