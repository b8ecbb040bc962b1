// A time zone of the IANA database, which is read from the machine (/usr/share/zoneinfo, or the
// folder TZDIR names); UTC needs no database. A cheap value, immutable, thread-safe.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace muster {

struct TimeZoneData;  // detail/time_zone_data.h

class TimeZone {
  public:
    TimeZone();  // UTC

    // kUsage if there is no zone of this name, or no database; the hint says what to do. Names of
    // the machine's own zone, such as "localtime", are no zones here: a schedule must not change
    // with the machine.
    static Result<TimeZone> load(std::string_view name);

    const std::string& name() const;
    // RFC 3339 with the zone's offset: 2026-03-29T03:00:00+02:00. Seconds are the finest.
    std::string local_text(std::int64_t instant_us) const;
    const TimeZoneData& data() const { return *data_; }

  private:
    explicit TimeZone(std::shared_ptr<const TimeZoneData> data) : data_(std::move(data)) {}

    std::shared_ptr<const TimeZoneData> data_;
};

}  // namespace muster
