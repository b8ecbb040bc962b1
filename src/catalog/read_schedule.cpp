// Schedules: the cron expression and the keys beside it.
#include "catalog/detail/readers.h"

#include <fmt/core.h>

#include <utility>

namespace muster {
namespace {

void report(const Node& section, std::string_view key, const Error& error, Problems& problems) {
    problems.add(place_of_key(section, key),
                 fmt::format("'{}': {}; {}", key, error.message, error.hint));
}

}  // namespace

void read_schedule(const Node& document,
                   std::string_view section_name,
                   std::string_view cron_key,
                   std::string_view job,
                   Catalog& catalog,
                   Problems& problems) {
    const Node* section = document.find(section_name);
    if (section == nullptr) {
        return;
    }
    const std::string zone_name = text_or(*section, "zone", "UTC");
    Result<TimeZone> zone = TimeZone::load(zone_name);
    if (!zone.ok()) {
        report(*section, "zone", zone.error(), problems);
    }
    const Node* expression = section->find(cron_key);
    if (expression == nullptr) {
        for (const std::string_view key : {"zone", "overlap", "misfire"}) {
            if (section->find(key) != nullptr) {
                problems.add(place_of_key(*section, key),
                             fmt::format("'{}' of [{}] has no effect without '{}'; give a cron "
                                         "expression such as {} = \"0 3 * * *\"",
                                         key,
                                         section_name,
                                         cron_key,
                                         cron_key));
            }
        }
        return;
    }
    Result<Cron> cron = Cron::parse(expression->text);
    if (!cron.ok()) {
        report(*section, cron_key, cron.error(), problems);
    }
    if (!cron.ok() || !zone.ok()) {
        return;
    }
    const bool queue = text_or(*section, "overlap", "skip") == overlap_text(Overlap::kQueue);
    const bool latest = text_or(*section, "misfire", "skip") == misfire_text(Misfire::kLatest);
    catalog.schedules.push_back(
        {.job = std::string{job},
         .schedule = {.cron = *std::move(cron),
                      .zone = *std::move(zone),
                      .overlap = queue ? Overlap::kQueue : Overlap::kSkip,
                      .misfire = latest ? Misfire::kLatest : Misfire::kSkip}});
}

}  // namespace muster
