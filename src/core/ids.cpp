#include "core/ids.h"

#include "core/check.h"
#include "core/clock.h"

#include <fmt/core.h>

#include <cstdint>
#include <sys/random.h>

namespace muster {

RunId new_run_id(const Clock& clock) {
    std::uint32_t random = 0;
    MUSTER_CHECK(getrandom(&random, sizeof random, 0) == sizeof random);
    const std::string time = format_timestamp_us(clock.now_us() / 1000000 * 1000000);
    std::string id;
    for (const char c : time) {
        if (c != '-' && c != ':') {
            id += c;
        }
    }
    return RunId{fmt::format("{}-{:08x}", id, random)};
}

}  // namespace muster
