#include "cli/store_checks.h"

#include "core/clock.h"
#include "core/ids.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

namespace muster {
namespace {

// S3 refuses requests from a clock that is 15 minutes off.
constexpr std::int64_t kSkewMsFail = 15 * 60 * 1000;
constexpr std::int64_t kSkewMsWarn = 60 * 1000;
constexpr std::string_view kProbeText = "written and removed by muster doctor\n";

class StoreProbe {
  public:
    StoreProbe(ObjectStore& store, std::string what) : store_(store), what_(std::move(what)) {}

    std::vector<Finding> look(bool writes) {
        const auto found = store_.list("*");
        note("list", failure(found), fmt::format("{}", store_.describe()));
        if (writes) {
            write_and_read();
        } else if (found.ok() && !found->empty()) {
            note("get", read(found->front().key), found->front().key.str());
        }
        compare_clocks();
        return std::move(checks_);
    }

  private:
    template <typename T>
    static std::optional<Error> failure(const Result<T>& result) {
        return result.ok() ? std::nullopt : std::optional{result.error()};
    }

    void note(std::string_view step, const std::optional<Error>& error, const std::string& place) {
        checks_.push_back({fmt::format("{}: {}", what_, step),
                           error ? "fail" : "ok",
                           error ? error->message : place,
                           !error                ? ""
                           : error->hint.empty() ? "check the rights of these credentials"
                                                 : error->hint});
    }

    std::optional<Error> read(const ObjectKey& key) {
        const auto reader = store_.open(key);
        if (!reader.ok()) {
            return reader.error();
        }
        std::array<char, 64> piece{};
        return failure((*reader)->read_at(0, piece));
    }

    void write_and_read() {
        const ObjectKey key{"doctor-" + new_run_id(SystemClock{}).str() + ".txt"};
        const auto written = write_object(store_, key, kProbeText);
        note("put", failure(written), key.str());
        if (!written.ok()) {
            return;
        }
        note("get", read(key), key.str());
        note("delete", failure(store_.remove(key)), key.str());
    }

    void compare_clocks() {
        const auto ahead_ms = store_.clock_ahead_ms();
        if (!ahead_ms) {
            return;
        }
        const std::int64_t off_ms = std::abs(*ahead_ms);
        const bool good = off_ms < kSkewMsWarn;
        checks_.push_back({what_ + ": clock",
                           good                   ? "ok"
                           : off_ms < kSkewMsFail ? "warn"
                                                  : "fail",
                           fmt::format("the server's clock is {} s {} ours",
                                       off_ms / 1000,
                                       *ahead_ms < 0 ? "behind" : "ahead of"),
                           good ? "" : "set the machine's clock (NTP)"});
    }

    ObjectStore& store_;
    const std::string what_;
    std::vector<Finding> checks_;
};

}  // namespace

std::vector<Finding> check_store(ObjectStore& store, const std::string& what, bool writes) {
    return StoreProbe{store, what}.look(writes);
}

}  // namespace muster
