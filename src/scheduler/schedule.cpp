// How the next firing is found:
// 1. first_match walks a calendar without time zone, by month, day, hour and minute.
// 2. Fixed times take its matches one after the other; Abseil's FromCivil gives the instant, the
//    jump for a time that is skipped, the first for one that comes twice. It never goes back.
// 3. Other expressions go from one change of the zone's offset to the next: within such a stretch
//    the calendar and the elapsed time run alike.
#include "scheduler/schedule.h"

#include "scheduler/detail/time_zone_data.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <bit>

namespace muster {
namespace {

constexpr absl::civil_year_t kYearMax = 9999;
constexpr int kHoursPerDay = 24;

bool has(std::uint64_t set, int value) { return (set >> value & 1U) != 0; }

bool day_matches(const CronFields& fields, absl::CivilDay day) {
    // Abseil's week begins on Monday, cron's on Sunday.
    const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
    const bool by_date = has(fields.days, day.day());
    const bool by_weekday = has(fields.weekdays, weekday);
    return fields.either_day ? by_date || by_weekday : by_date && by_weekday;
}

// The first minute at or after `from` that matches, on a clock without jumps.
std::optional<absl::CivilMinute> first_match(const CronFields& fields, absl::CivilMinute from) {
    absl::CivilDay day{from};
    int hour = from.hour();
    int minute = from.minute();
    while (day.year() <= kYearMax) {
        if (!has(fields.months, day.month())) {
            day = absl::CivilDay{absl::CivilMonth{day} + 1};
        } else {
            for (; day_matches(fields, day) && hour < kHoursPerDay; ++hour, minute = 0) {
                const std::uint64_t left = fields.minutes >> minute;
                if (has(fields.hours, hour) && left != 0) {
                    return absl::CivilMinute{absl::CivilHour{day} + hour} + minute +
                           std::countr_zero(left);
                }
            }
            ++day;
        }
        hour = 0;
        minute = 0;
    }
    return std::nullopt;
}

std::optional<absl::Time> next_fixed(const CronFields& fields,
                                     absl::TimeZone zone,
                                     absl::Time after) {
    auto match = first_match(fields, absl::CivilMinute{zone.At(after).cs});
    while (match) {
        const absl::Time at = absl::FromCivil(absl::CivilSecond{*match}, zone);
        if (at > after) {
            return at;
        }
        match = first_match(fields, *match + 1);
    }
    return std::nullopt;
}

std::optional<absl::Time> next_elapsed(const CronFields& fields,
                                       absl::TimeZone zone,
                                       absl::Time after) {
    absl::Time begin = after;
    absl::TimeZone::CivilInfo local = zone.At(begin);
    absl::CivilMinute from = absl::CivilMinute{local.cs} + 1;
    while (true) {
        const auto match = first_match(fields, from);
        if (!match) {
            return std::nullopt;
        }
        const absl::Time at =
            begin - local.subsecond + absl::Seconds(absl::CivilSecond{*match} - local.cs);
        absl::TimeZone::CivilTransition change;
        if (!zone.NextTransition(begin, &change)) {
            return at;
        }
        const absl::Time stretch_end = zone.At(change.to).trans;
        if (at < stretch_end) {
            return at;
        }
        begin = stretch_end;
        local = zone.At(begin);
        from = absl::CivilMinute{local.cs};
        if (local.cs.second() != 0) {
            ++from;  // offsets of the 19th century have seconds
        }
    }
}

}  // namespace

std::string_view overlap_text(Overlap overlap) {
    switch (overlap) {
        case Overlap::kSkip:
            return "skip";
        case Overlap::kQueue:
            return "queue";
    }
    return {};
}

std::string_view misfire_text(Misfire misfire) {
    switch (misfire) {
        case Misfire::kSkip:
            return "skip";
        case Misfire::kLatest:
            return "latest";
    }
    return {};
}

std::optional<std::int64_t> next_after(const Cron& cron,
                                       const TimeZone& zone,
                                       std::int64_t after_us) {
    const CronFields& fields = cron.fields();
    const absl::TimeZone data = zone.data().zone;
    const absl::Time after = absl::FromUnixMicros(after_us);
    const auto at =
        fields.fixed_time ? next_fixed(fields, data, after) : next_elapsed(fields, data, after);
    return at ? std::optional{absl::ToUnixMicros(*at)} : std::nullopt;
}

}  // namespace muster
