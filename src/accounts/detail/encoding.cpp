#include "accounts/detail/encoding.h"

#include "core/check.h"

#include <array>
#include <cstdint>
#include <sodium.h>

namespace muster {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int kLetterBits = 6;
constexpr int kByteBits = 8;
constexpr std::uint32_t kByteMask = 0xFF;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

crypto_auth_hmacsha256_state hmac_state(std::string_view key, std::string_view message) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes_of(message), message.size());
    return state;
}

}  // namespace

bool sodium_ready() { return sodium_init() >= 0; }

std::string base64url_encode(std::string_view bytes) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = (bits << kByteBits | static_cast<unsigned char>(byte)) & 0xFFFF;
        for (count += kByteBits; count >= kLetterBits;) {
            count -= kLetterBits;
            out += kLetters[bits >> count & 0x3F];
        }
    }
    if (count > 0) {
        out += kLetters[bits << (kLetterBits - count) & 0x3F];
    }
    return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char letter : text) {
        const std::size_t value = kLetters.find(letter);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << kLetterBits | static_cast<std::uint32_t>(value)) & 0xFFFF;
        count += kLetterBits;
        if (count >= kByteBits) {
            count -= kByteBits;
            out += static_cast<char>(bits >> count & kByteMask);
        }
    }
    const std::uint32_t unused = bits & ((1U << count) - 1);
    return unused == 0 ? std::optional{out} : std::nullopt;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
    crypto_auth_hmacsha256_state state = hmac_state(key, message);
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
    crypto_auth_hmacsha256_final(&state, mac.data());
    return text_of(mac.data(), mac.size());
}

bool hmac_sha256_matches(std::string_view key, std::string_view message, std::string_view mac) {
    const std::string right = hmac_sha256(key, message);
    return mac.size() == right.size() && sodium_memcmp(mac.data(), right.data(), mac.size()) == 0;
}

std::string hash_text(std::string_view bytes) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), bytes_of(bytes), bytes.size());
    return base64url_encode(text_of(hash.data(), hash.size()));
}

std::string random_text(std::size_t bytes) {
    MUSTER_CHECK(sodium_ready());
    std::string random(bytes, '\0');
    randombytes_buf(random.data(), random.size());
    return base64url_encode(random);
}

}  // namespace muster
