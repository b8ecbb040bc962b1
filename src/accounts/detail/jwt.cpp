#include "accounts/detail/jwt.h"

#include "accounts/detail/encoding.h"
#include "core/text.h"

#include <simdjson.h>

#include <set>

namespace muster {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::size_t kPartDepthMax = 4;

// Calls `field(key, value)` for each; false if the JSON is no object, has a key twice, or a call
// says so.
template <typename Field>
bool each_field(const std::string& json, const Field& field) {
    dom::parser parser{kTokenBytesMax};
    if (parser.allocate(kTokenBytesMax, kPartDepthMax) != simdjson::SUCCESS) {
        return false;
    }
    dom::object object;
    if (parser.parse(json).get_object().get(object) != simdjson::SUCCESS) {
        return false;
    }
    std::set<std::string_view> seen;
    for (const dom::key_value_pair entry : object) {
        if (!seen.insert(entry.key).second || !field(entry.key, entry.value)) {
            return false;
        }
    }
    return true;
}

bool read_text(const dom::element& value, std::string& to) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
        return false;
    }
    to = text;
    return true;
}

bool read_number(const dom::element& value, std::int64_t& to) {
    return value.get_int64().get(to) == simdjson::SUCCESS;
}

bool header_is_ours(const std::string& json) {
    bool algorithm = false;
    const bool sound = each_field(json, [&](std::string_view key, const dom::element& value) {
        std::string text;
        if (!read_text(value, text)) {
            return false;
        }
        algorithm = algorithm || key == "alg";
        return (key == "alg" && text == "HS256") || (key == "typ" && text == "JWT");
    });
    return sound && algorithm;
}

std::optional<Claims> read_claims(const std::string& json) {
    Claims claims;
    int found = 0;
    const bool sound = each_field(json, [&](std::string_view key, const dom::element& value) {
        ++found;
        return key == "jti"    ? read_text(value, claims.jti)
               : key == "iss"  ? read_text(value, claims.issuer)
               : key == "aud"  ? read_text(value, claims.audience)
               : key == "sub"  ? read_text(value, claims.subject)
               : key == "role" ? read_text(value, claims.role)
               : key == "ver"  ? read_number(value, claims.token_version)
               : key == "iat"  ? read_number(value, claims.issued_at_s)
               : key == "nbf"  ? read_number(value, claims.not_before_s)
               : key == "exp"  ? read_number(value, claims.expires_at_s)
                               : false;
    });
    constexpr int kClaims = 9;
    return sound && found == kClaims ? std::optional{claims} : std::nullopt;
}

}  // namespace

std::string sign_token(const Claims& claims, std::string_view secret) {
    const std::string body = "{\"jti\":" + json_quote(claims.jti) +                //
                             ",\"iss\":" + json_quote(claims.issuer) +             //
                             ",\"aud\":" + json_quote(claims.audience) +           //
                             ",\"sub\":" + json_quote(claims.subject) +            //
                             ",\"role\":" + json_quote(claims.role) +              //
                             ",\"ver\":" + std::to_string(claims.token_version) +  //
                             ",\"iat\":" + std::to_string(claims.issued_at_s) +    //
                             ",\"nbf\":" + std::to_string(claims.not_before_s) +   //
                             ",\"exp\":" + std::to_string(claims.expires_at_s) + "}";
    const std::string signed_part = base64url_encode(kHeader) + "." + base64url_encode(body);
    return signed_part + "." + base64url_encode(hmac_sha256(secret, signed_part));
}

std::optional<Claims> open_token(std::string_view token, std::string_view secret) {
    if (token.size() > kTokenBytesMax) {
        return std::nullopt;
    }
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last) {
        return std::nullopt;
    }
    const auto header = base64url_decode(token.substr(0, first));
    const auto body = base64url_decode(token.substr(first + 1, last - first - 1));
    const auto mac = base64url_decode(token.substr(last + 1));
    // The algorithm is ours, whatever the header says; the signature is judged before any JSON.
    if (!header || !body || !mac || !hmac_sha256_matches(secret, token.substr(0, last), *mac) ||
        !header_is_ours(*header)) {
        return std::nullopt;
    }
    return read_claims(*body);
}

bool claims_hold(const Claims& claims,
                 std::string_view issuer,
                 std::string_view audience,
                 std::int64_t now_s) {
    return claims.issuer == issuer && claims.audience == audience && claims.not_before_s <= now_s &&
           now_s < claims.expires_at_s;
}

}  // namespace muster
