#include "storage/digest.h"

#include "core/check.h"

#include <array>
#include <memory>
#include <openssl/evp.h>
#include <vector>

namespace muster {
namespace {

constexpr std::size_t kPieceBytes = 1U << 20;

class Sha256 {
  public:
    Sha256() { MUSTER_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }

    void add(std::string_view bytes) {
        MUSTER_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    }

    std::string hex() {
        std::array<unsigned char, 32> digest{};
        unsigned int length = 0;
        MUSTER_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
        MUSTER_CHECK(length == digest.size());
        static constexpr std::string_view kDigits = "0123456789abcdef";
        std::string out;
        for (const unsigned char byte : digest) {
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
        return out;
    }

  private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

Result<std::string> sha256_hex(ObjectReader& reader) {
    Sha256 hash;
    std::vector<char> piece(kPieceBytes);
    for (std::uint64_t offset = 0;;) {
        MUSTER_ASSIGN(const std::size_t taken, reader.read_at(offset, piece));
        if (taken == 0) {
            return hash.hex();
        }
        hash.add({piece.data(), taken});
        offset += taken;
    }
}

}  // namespace muster
