#include "scheduler/time_zone.h"

#include "core/text.h"
#include "scheduler/detail/time_zone_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

namespace muster {
namespace {

constexpr std::string_view kUtc = "UTC";
constexpr const char* kDatabaseFolder = "/usr/share/zoneinfo";
// Every database has it, and unlike "UTC" it is not known without one.
constexpr const char* kZoneOfEveryDatabase = "Etc/UTC";

// Only what IANA names are made of: no paths, no names of the library's own.
bool iana_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '+' || c == '-' || c == '/';
    };
    return !name.empty() && name.front() != '/' && name != "localtime" &&
           std::all_of(name.begin(), name.end(), allowed);
}

std::vector<std::string> names_of_database() {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    std::error_code failure;
    const fs::path root{kDatabaseFolder};
    for (fs::recursive_directory_iterator at{root, failure}, end; !failure && at != end;
         at.increment(failure)) {
        std::string name = at->path().lexically_relative(root).string();
        if (name == "posix" || name == "right") {
            at.disable_recursion_pending();  // every zone once more
        } else if (iana_name(name)) {
            names.push_back(std::move(name));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TimeZone::TimeZone()
    : data_(std::make_shared<TimeZoneData>(TimeZoneData{std::string{kUtc}, absl::UTCTimeZone()})) {}

Result<TimeZone> TimeZone::load(std::string_view name) {
    if (name == kUtc) {
        return TimeZone{};
    }
    absl::TimeZone zone;
    if (iana_name(name) && absl::LoadTimeZone(std::string{name}, &zone)) {
        return TimeZone{std::make_shared<TimeZoneData>(TimeZoneData{std::string{name}, zone})};
    }
    if (absl::TimeZone any; !absl::LoadTimeZone(kZoneOfEveryDatabase, &any)) {
        return Error{
            ErrorCode::kUsage,
            fmt::format("the time zone '{}' cannot be read: there is no time zone database "
                        "in {}, or where TZDIR points",
                        name,
                        kDatabaseFolder),
            "install the package tzdata; the zone \"UTC\" needs none"};
    }
    return Error{
        ErrorCode::kUsage,
        fmt::format("there is no time zone '{}'{}", name, did_you_mean(name, names_of_database())),
        "write a name of the IANA database, such as \"Europe/Berlin\", or \"UTC\""};
}

const std::string& TimeZone::name() const { return data_->name; }

std::string TimeZone::local_text(std::int64_t instant_us) const {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", absl::FromUnixMicros(instant_us), data_->zone);
}

}  // namespace muster
