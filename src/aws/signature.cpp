#include "aws/signature.h"

#include "core/check.h"
#include "core/sha256.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <span>

namespace muster {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::size_t kDateChars = 8;

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    MUSTER_CHECK(HMAC(EVP_sha256(),
                      key.data(),
                      static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      text.size(),
                      digest.data(),
                      &length) != nullptr);
    return {reinterpret_cast<const char*>(digest.data()), length};
}

// Without blanks around it, and runs of blanks as one.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const bool blank = c == ' ' || c == '\t';
        if (!blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (out.ends_with(' ')) {
        out.pop_back();
    }
    return out;
}

struct CanonicalHeaders {
    std::string lines;
    std::string names;
};

CanonicalHeaders canonical_headers(const NameValues& headers) {
    std::map<std::string, std::string> ordered;
    for (const auto& [name, value] : headers) {
        const auto [place, added] = ordered.emplace(ascii_lower(name), canonical_value(value));
        if (!added) {
            place->second += "," + canonical_value(value);
        }
    }
    CanonicalHeaders out;
    for (const auto& [name, value] : ordered) {
        out.lines.append(name).append(":").append(value).append("\n");
        out.names.append(out.names.empty() ? "" : ";").append(name);
    }
    return out;
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain || (c == '/' && keep_slash)) {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
    }
    return out;
}

std::string canonical_query(const NameValues& query) {
    NameValues encoded;
    for (const auto& [name, value] : query) {
        encoded.emplace_back(uri_encode(name, false), uri_encode(value, false));
    }
    std::sort(encoded.begin(), encoded.end());
    std::string out;
    for (const auto& [name, value] : encoded) {
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return out;
}

std::string amz_date(std::int64_t now_us) {
    const std::time_t seconds = now_us / kMicrosecondsPerSecond;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z",
                       parts.tm_year + 1900,
                       parts.tm_mon + 1,
                       parts.tm_mday,
                       parts.tm_hour,
                       parts.tm_min,
                       parts.tm_sec);
}

void sign_v4(SigningRequest& request, const SigningScope& scope, const SigningKey& key) {
    const std::string time = amz_date(scope.now_us);
    const std::string date = time.substr(0, kDateChars);
    request.headers.emplace_back("x-amz-date", time);
    if (!key.session_token.empty()) {
        request.headers.emplace_back("x-amz-security-token", key.session_token);
    }
    const CanonicalHeaders headers = canonical_headers(request.headers);
    const std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}",
                                              request.method,
                                              request.path,
                                              canonical_query(request.query),
                                              headers.lines,
                                              headers.names,
                                              request.payload);
    const std::string credential_scope =
        fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
    const std::string to_sign =
        fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, credential_scope, sha256_hex(canonical));
    std::string signing_key = hmac_sha256("AWS4" + key.secret_access_key, date);
    for (const std::string_view part : {std::string_view{scope.region},
                                        std::string_view{scope.service},
                                        std::string_view{"aws4_request"}}) {
        signing_key = hmac_sha256(signing_key, part);
    }
    const std::string signature = hmac_sha256(signing_key, to_sign);
    request.headers.emplace_back(
        "authorization",
        fmt::format(
            "{} Credential={}/{}, SignedHeaders={}, Signature={}",
            kAlgorithm,
            key.access_key_id,
            credential_scope,
            headers.names,
            hex({reinterpret_cast<const std::uint8_t*>(signature.data()), signature.size()})));
}

}  // namespace muster
