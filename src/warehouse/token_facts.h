// What a verified token is held against, in memory, so that it costs no query: who may come in, and
// which tokens are revoked. A StateStore keeps it as its writes succeed; everybody who works with
// the store sees a change at once, and one of another process as StateStore says. Thread-safe;
// every look-up is O(1).
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace muster {

class TokenFacts {
  public:
    struct User {
        std::int64_t token_version = 0;
        bool disabled = false;
    };

    std::optional<User> user(const std::string& name) const {
        const std::shared_lock lock(mutex_);
        const auto found = users_.find(name);
        return found == users_.end() ? std::nullopt : std::optional{found->second};
    }
    bool revoked(const std::string& jti) const {
        const std::shared_lock lock(mutex_);
        return revoked_.contains(jti);
    }

    void set_user(const std::string& name, User user) {
        const std::unique_lock lock(mutex_);
        users_[name] = user;
    }
    void revoke(const std::string& jti, std::int64_t expires_at_us) {
        const std::unique_lock lock(mutex_);
        revoked_[jti] = expires_at_us;
    }
    // Tokens that have expired are refused anyway.
    void forget_expired(std::int64_t now_us) {
        const std::unique_lock lock(mutex_);
        std::erase_if(revoked_, [now_us](const auto& entry) { return entry.second <= now_us; });
    }

    // As another process may have left them.
    void replace(std::unordered_map<std::string, User> users,
                 std::unordered_map<std::string, std::int64_t> revoked) {
        const std::unique_lock lock(mutex_);
        users_ = std::move(users);
        revoked_ = std::move(revoked);
    }
    // When they have not been read for too long: nobody may come in until they are replaced.
    void forget_users() {
        const std::unique_lock lock(mutex_);
        users_.clear();
    }

  private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, User> users_;
    std::unordered_map<std::string, std::int64_t> revoked_;  // jti -> expiry
};

}  // namespace muster
