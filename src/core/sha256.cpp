#include "core/sha256.h"

#include "core/check.h"
#include "core/text.h"

#include <array>
#include <cstdint>
#include <openssl/evp.h>

namespace muster {

struct Sha256::Context {
    struct Free {
        void operator()(EVP_MD_CTX* state) const { EVP_MD_CTX_free(state); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> state{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    MUSTER_CHECK(EVP_DigestInit_ex(context_->state.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    MUSTER_CHECK(EVP_DigestUpdate(context_->state.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
    std::array<std::uint8_t, 32> digest{};
    unsigned int length = 0;
    MUSTER_CHECK(EVP_DigestFinal_ex(context_->state.get(), digest.data(), &length) == 1);
    MUSTER_CHECK(length == digest.size());
    return muster::hex(digest);
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

}  // namespace muster
