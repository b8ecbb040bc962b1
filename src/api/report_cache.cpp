#include "api/report_cache.h"

namespace muster {

std::optional<http::Response> ReportCache::find(const std::string& key,
                                                std::uint64_t data_version) {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.answer.data_version != data_version) {
        return std::nullopt;
    }
    order_.splice(order_.begin(), order_, found->second.used);
    return found->second.answer.response;
}

void ReportCache::store(const std::string& key, CachedAnswer answer) {
    if (answer.response.body && answer.response.body->size() > kBodyBytesMax) {
        return;
    }
    const std::lock_guard lock{mutex_};
    if (const auto found = entries_.find(key); found != entries_.end()) {
        found->second.answer = std::move(answer);
        order_.splice(order_.begin(), order_, found->second.used);
        return;
    }
    if (entries_.size() >= kEntriesMax) {
        entries_.erase(order_.back());
        order_.pop_back();
    }
    order_.push_front(key);
    entries_.emplace(key, Entry{std::move(answer), order_.begin()});
}

}  // namespace muster
