// Slows down who guesses passwords or makes accounts in bulk. What counts is kept per user and
// address, so that nobody can lock another person out from elsewhere; per address, against one
// password tried on many users; and per user, against many addresses: there a count beyond the
// limit only takes the free attempts away from each address, whose first attempt is always let
// pass.
//
// An attempt counts from its beginning, so that attempts at the same time do not slip through, and
// is taken back when it succeeds. Thread-safe, of bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace muster {

// Attempts by key. The least recently used keys are forgotten when there are too many.
class AttemptCounts {
  public:
    explicit AttemptCounts(std::size_t keys_max) : keys_max_(keys_max) {}

    // Microseconds until the next attempt is let pass, 0 = now.
    std::int64_t wait_us(const std::string& key, std::int64_t now_us);
    std::int64_t count(const std::string& key, std::int64_t now_us);
    // Beyond `free` attempts each doubles the delay, from one second up to `delay_max_s`.
    void add(const std::string& key,
             std::int64_t now_us,
             std::int64_t free,
             std::int64_t delay_max_s);
    void take_back(const std::string& key);
    void forget(const std::string& key);
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string key;
        std::int64_t count = 0;
        std::int64_t last_us = 0;
        std::int64_t open_from_us = 0;
    };
    using Entries = std::list<Entry>;  // the most recently used first
    // Null if there is none, or its last attempt is long ago.
    Entry* find(const std::string& key, std::int64_t now_us);

    const std::size_t keys_max_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> by_key_;
};

class Throttle {
  public:
    // Seconds to wait, or 0: then the attempt has begun and counts.
    std::int64_t begin_login(const std::string& user,
                             const std::string& address,
                             std::int64_t now_us);
    void login_succeeded(const std::string& user, const std::string& address);
    // The attempt was not judged.
    void login_undone(const std::string& user, const std::string& address);

    std::int64_t begin_registration(const std::string& address, std::int64_t now_us);

    static constexpr std::size_t kKeysMax = 20'000;

  private:
    std::mutex mutex_;
    AttemptCounts pairs_{kKeysMax};
    AttemptCounts addresses_{kKeysMax};
    AttemptCounts users_{kKeysMax};
    AttemptCounts registrations_{kKeysMax};
};

}  // namespace muster
