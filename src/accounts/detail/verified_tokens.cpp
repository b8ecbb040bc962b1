#include "accounts/detail/verified_tokens.h"

#include "accounts/detail/encoding.h"

#include <sodium.h>
#include <utility>

namespace muster {

VerifiedTokens::VerifiedTokens(std::size_t tokens_max)
    : generation_max_(tokens_max / 2 + 1), secret_(random_text(crypto_generichash_KEYBYTES)) {}

std::string VerifiedTokens::key_of(std::string_view token) const {
    std::string key(crypto_generichash_BYTES, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(key.data()),
                       key.size(),
                       reinterpret_cast<const unsigned char*>(token.data()),
                       token.size(),
                       reinterpret_cast<const unsigned char*>(secret_.data()),
                       crypto_generichash_KEYBYTES);
    return key;
}

std::optional<Claims> VerifiedTokens::find(std::string_view token) {
    const std::string key = key_of(token);
    const std::lock_guard lock(mutex_);
    if (const auto found = young_.find(key); found != young_.end()) {
        return found->second;
    }
    const auto found = old_.find(key);
    return found == old_.end() ? std::nullopt : std::optional{found->second};
}

void VerifiedTokens::add(std::string_view token, const Claims& claims) {
    std::string key = key_of(token);
    const std::lock_guard lock(mutex_);
    if (young_.size() >= generation_max_) {
        old_ = std::exchange(young_, {});
    }
    young_.emplace(std::move(key), claims);
}

}  // namespace muster
