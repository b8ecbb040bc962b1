// Tokens whose signature was found right, so that it is not computed again. By a keyed hash of the
// token: the tokens themselves are not kept. Thread-safe, of bounded memory, O(1).
#pragma once

#include "accounts/detail/jwt.h"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace muster {

class VerifiedTokens {
  public:
    explicit VerifiedTokens(std::size_t tokens_max = 8192);

    std::optional<Claims> find(std::string_view token);
    void add(std::string_view token, const Claims& claims);

  private:
    using Generation = std::unordered_map<std::string, Claims>;
    std::string key_of(std::string_view token) const;

    const std::size_t generation_max_;
    const std::string secret_;
    std::mutex mutex_;
    // When the young ones are too many they become the old ones, and the old ones are forgotten.
    Generation young_;
    Generation old_;
};

}  // namespace muster
