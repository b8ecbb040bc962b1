// What a TimeZone hides: the time zone of Abseil.
#pragma once

#include <absl/time/time.h>
#include <string>

namespace muster {

struct TimeZoneData {
    std::string name;
    absl::TimeZone zone;
};

}  // namespace muster
