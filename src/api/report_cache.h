// Encoded answers of reports, good while no table changed (http-api.md, Reports). Bounded.
// Thread-safe.
#pragma once

#include "api/http/message.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace muster {

struct CachedAnswer {
    std::uint64_t data_version = 0;  // of the warehouse, before the answer was computed
    http::Response response;
};

class ReportCache {
  public:
    // Nothing if there is none, or it is older than `data_version`.
    std::optional<http::Response> find(const std::string& key, std::uint64_t data_version);
    void store(const std::string& key, CachedAnswer answer);

    static constexpr std::size_t kEntriesMax = 256;
    static constexpr std::size_t kBodyBytesMax = 1U << 20;  // larger answers are not kept

  private:
    struct Entry {
        CachedAnswer answer;
        std::list<std::string>::iterator used;
    };
    std::mutex mutex_;
    std::list<std::string> order_;  // the latest use first
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace muster
