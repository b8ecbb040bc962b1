// Counters of the process in the text format of Prometheus (exposition format 0.0.4). Labels have
// few values: routes by their pattern, never by the path. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

class Metrics {
  public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    void add(std::string_view name, const Labels& labels, double amount = 1);
    void set(std::string_view name, const Labels& labels, double value);
    // Into the histogram of request durations.
    void observe_request(std::string_view method,
                         std::string_view route,
                         int status,
                         double seconds);
    std::string text() const;

  private:
    static constexpr std::array kBucketSeconds = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
    struct Histogram {
        std::array<std::uint64_t, kBucketSeconds.size()> counts{};
        std::uint64_t count = 0;
        double sum = 0;
    };

    mutable std::mutex mutex_;
    std::map<std::string, std::map<std::string, double>, std::less<>> values_;  // name -> labels
    std::map<std::string, Histogram> requests_;                                 // labels
};

}  // namespace muster
