// A cron expression: minute, hour, day of month, month, day of week, each a list of numbers, ranges
// and steps; months and weekdays also by name, Sunday as 0 or 7; or @hourly, @daily, @weekly,
// @monthly, @yearly. As in Debian's cron the day matches if both day fields do, but if neither of
// them begins with '*' one of them is enough. A value; says nothing of time zones (schedule.h).
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

// Bit i of a set stands for the value i.
struct CronFields {
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;      // from 1
    std::uint64_t months = 0;    // from 1
    std::uint64_t weekdays = 0;  // 0 is Sunday, 6 the last
    bool either_day = false;     // day of month or day of week is enough
    bool fixed_time = false;     // neither minute nor hour begins with '*'
};

class Cron {
  public:
    // kUsage names the field, its text and what is allowed. An expression that can never fire, such
    // as the 31st of February, is an error too.
    static Result<Cron> parse(std::string_view text);

    // As it was written, without spaces around it.
    const std::string& text() const { return text_; }
    const CronFields& fields() const { return fields_; }

  private:
    Cron(std::string text, const CronFields& fields) : text_(std::move(text)), fields_(fields) {}

    std::string text_;
    CronFields fields_;
};

}  // namespace muster
