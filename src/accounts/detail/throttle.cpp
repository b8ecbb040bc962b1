#include "accounts/detail/throttle.h"

#include <algorithm>

namespace muster {
namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;
constexpr std::int64_t kForgetSeconds = 3600;

constexpr std::int64_t kPairFree = 5;
constexpr std::int64_t kPairDelayMaxSeconds = 900;
constexpr std::int64_t kAddressFree = 30;
constexpr std::int64_t kAddressDelayMaxSeconds = 60;
// From here on an address has one free attempt at this user.
constexpr std::int64_t kUserBrakeFrom = 100;
constexpr std::int64_t kRegistrationFree = 20;
constexpr std::int64_t kRegistrationDelayMaxSeconds = 300;

std::string pair_key(const std::string& user, const std::string& address) {
    return user + '\n' + address;
}

std::int64_t whole_seconds(std::int64_t wait_us) {
    return (wait_us + kMicroseconds - 1) / kMicroseconds;
}

}  // namespace

AttemptCounts::Entry* AttemptCounts::find(const std::string& key, std::int64_t now_us) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return nullptr;
    }
    if (now_us - found->second->last_us > kForgetSeconds * kMicroseconds) {
        entries_.erase(found->second);
        by_key_.erase(found);
        return nullptr;
    }
    return &*found->second;
}

std::int64_t AttemptCounts::wait_us(const std::string& key, std::int64_t now_us) {
    const Entry* entry = find(key, now_us);
    return entry == nullptr ? 0 : std::max<std::int64_t>(0, entry->open_from_us - now_us);
}

std::int64_t AttemptCounts::count(const std::string& key, std::int64_t now_us) {
    const Entry* entry = find(key, now_us);
    return entry == nullptr ? 0 : entry->count;
}

void AttemptCounts::add(const std::string& key,
                        std::int64_t now_us,
                        std::int64_t free,
                        std::int64_t delay_max_s) {
    if (find(key, now_us) == nullptr) {
        if (entries_.size() >= keys_max_) {
            by_key_.erase(entries_.back().key);
            entries_.pop_back();
        }
        entries_.push_front({.key = key});
        by_key_[key] = entries_.begin();
    } else {
        entries_.splice(entries_.begin(), entries_, by_key_[key]);
    }
    Entry& entry = entries_.front();
    ++entry.count;
    entry.last_us = now_us;
    if (entry.count >= free) {
        // A shift that cannot overflow: the delay has long reached its limit.
        const std::int64_t doublings = std::min<std::int64_t>(entry.count - free, 20);
        const std::int64_t delay_s = std::min<std::int64_t>(delay_max_s, 1LL << doublings);
        entry.open_from_us = now_us + delay_s * kMicroseconds;
    }
}

void AttemptCounts::take_back(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        Entry& entry = *found->second;
        entry.count = std::max<std::int64_t>(0, entry.count - 1);
        entry.open_from_us = 0;
    }
}

void AttemptCounts::forget(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        entries_.erase(found->second);
        by_key_.erase(found);
    }
}

std::int64_t Throttle::begin_login(const std::string& user,
                                   const std::string& address,
                                   std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    const std::string pair = pair_key(user, address);
    const std::int64_t wait_us =
        std::max(pairs_.wait_us(pair, now_us), addresses_.wait_us(address, now_us));
    if (wait_us > 0) {
        return whole_seconds(wait_us);
    }
    const bool brake = users_.count(user, now_us) >= kUserBrakeFrom;
    pairs_.add(pair, now_us, brake ? 1 : kPairFree, kPairDelayMaxSeconds);
    addresses_.add(address, now_us, kAddressFree, kAddressDelayMaxSeconds);
    // Never a delay of its own.
    users_.add(user, now_us, INT64_MAX, 0);
    return 0;
}

void Throttle::login_succeeded(const std::string& user, const std::string& address) {
    const std::lock_guard lock(mutex_);
    pairs_.forget(pair_key(user, address));
    addresses_.take_back(address);
    users_.take_back(user);
}

void Throttle::login_undone(const std::string& user, const std::string& address) {
    const std::lock_guard lock(mutex_);
    pairs_.take_back(pair_key(user, address));
    addresses_.take_back(address);
    users_.take_back(user);
}

std::int64_t Throttle::begin_registration(const std::string& address, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    const std::int64_t wait_us = registrations_.wait_us(address, now_us);
    if (wait_us > 0) {
        return whole_seconds(wait_us);
    }
    registrations_.add(address, now_us, kRegistrationFree, kRegistrationDelayMaxSeconds);
    return 0;
}

}  // namespace muster
