#include "accounts/detail/jwt.h"

#include "accounts/detail/encoding.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace muster {
namespace {

constexpr std::int64_t kNow = 1'764'000'000;
const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";

Claims claims() {
    return {.jti = "family.one",
            .issuer = "muster",
            .audience = "muster-api",
            .subject = "ada",
            .role = "writer",
            .token_version = 3,
            .issued_at_s = kNow,
            .not_before_s = kNow,
            .expires_at_s = kNow + 3600};
}

const std::string kBody =
    R"({"jti":"family.one","iss":"muster","aud":"muster-api","sub":"ada","role":"writer","ver":3,)"
    R"("iat":1764000000,"nbf":1764000000,"exp":1764003600})";

// Signed with the right secret, whatever it says.
std::string forge(const std::string& header, const std::string& body) {
    const std::string text = base64url_encode(header) + "." + base64url_encode(body);
    return text + "." + base64url_encode(hmac_sha256(kSecret, text));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

TEST(Hmac, ExampleOfRfc7515AppendixA1) {
    const std::string key = *base64url_decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    const std::string text =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    EXPECT_EQ(base64url_encode(hmac_sha256(key, text)),
              "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

// Made by Python's hmac, hashlib, json and base64.
TEST(Jwt, ATokenOfAnotherImplementationIsRead) {
    const std::string token =
        "eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
        "eyJpc3MiOiAibXVzdGVyIiwgImF1ZCI6ICJtdXN0ZXItYXBpIiwgInN1YiI6ICJhZGEiLCAianRpIjogImZhbWls"
        "eS5vbmUiLCAicm9sZSI6ICJ3cml0ZXIiLCAidmVyIjogMywgImlhdCI6IDE3NjQwMDAwMDAsICJuYmYiOiAxNzY0"
        "MDAwMDAwLCAiZXhwIjogMTc2NDAwMzYwMH0.Kd4j2IM681veE-sa0Y0W1pUnuoP5fvywWyAAIUVMICY";
    EXPECT_EQ(open_token(token, kSecret), claims());
    EXPECT_EQ(open_token(token, "another secret of thirty-two byte"), std::nullopt);
}

TEST(Jwt, WhatIsSignedIsRead) {
    EXPECT_EQ(sign_token(claims(), kSecret), forge(kHeader, kBody));
    EXPECT_EQ(open_token(sign_token(claims(), kSecret), kSecret), claims());
}

TEST(Jwt, RefusedTable) {
    const std::string good = forge(kHeader, kBody);
    const std::string unsigned_part = good.substr(0, good.rfind('.'));
    const std::string body_part = unsigned_part.substr(unsigned_part.find('.'));
    const auto with_header = [](const std::string& header) { return forge(header, kBody); };
    const auto with_body = [](const std::string& body) { return forge(kHeader, body); };
    std::string flipped = good;
    flipped[good.rfind('.') + 1] = flipped[good.rfind('.') + 1] == 'A' ? 'B' : 'A';
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"empty", ""},
        {"dots", ".."},
        {"one part", "abc"},
        {"two parts", unsigned_part},
        {"four parts", good + ".x"},
        {"empty signature", unsigned_part + "."},
        {"wrong signature", flipped},
        {"short signature", good.substr(0, good.size() - 3)},
        {"padding", good + "="},
        {"space behind", good + " "},
        {"space before", " " + good},
        {"newline", good + "\n"},
        {"standard base64", unsigned_part + ".++//" + good.substr(good.rfind('.') + 5)},
        {"none", base64url_encode(R"({"alg":"none"})") + body_part + "."},
        {"none, signed", with_header(R"({"alg":"none","typ":"JWT"})")},
        {"NoNe", with_header(R"({"alg":"NoNe","typ":"JWT"})")},
        {"RS256", with_header(R"({"alg":"RS256","typ":"JWT"})")},
        {"HS512", with_header(R"({"alg":"HS512","typ":"JWT"})")},
        {"hs256", with_header(R"({"alg":"hs256","typ":"JWT"})")},
        {"HS256 and NUL", with_header(R"({"alg":"HS256\u0000","typ":"JWT"})")},
        {"no alg", with_header(R"({"typ":"JWT"})")},
        {"alg twice", with_header(R"({"alg":"HS256","alg":"HS256"})")},
        {"alg twice, one escaped", with_header(R"({"alg":"HS256","\u0061lg":"none"})")},
        {"alg is a list", with_header(R"({"alg":["HS256"]})")},
        {"typ", with_header(R"({"alg":"HS256","typ":"JWE"})")},
        {"kid", with_header(R"({"alg":"HS256","kid":"../../dev/null"})")},
        {"jku", with_header(R"({"alg":"HS256","jku":"http://192.0.2.1/"})")},
        {"x5u", with_header(R"({"alg":"HS256","x5u":"http://192.0.2.1/"})")},
        {"jwk", with_header(R"({"alg":"HS256","jwk":{"kty":"oct","k":"AA"}})")},
        {"crit", with_header(R"({"alg":"HS256","crit":["exp"]})")},
        {"header no object", with_header(R"("HS256")")},
        {"header no JSON", with_header("HS256")},
        {"header with more", with_header(kHeader + "{}")},
        {"body no JSON", with_body("x")},
        {"body empty", with_body("")},
        {"body deep", with_body(std::string(1000, '[') + std::string(1000, ']'))},
        {"no exp", with_body(replaced(kBody, R"(,"exp":1764003600)", ""))},
        {"no jti", with_body(replaced(kBody, R"("jti":"family.one",)", ""))},
        {"exp is text", with_body(replaced(kBody, "1764003600", R"("1764003600")"))},
        {"exp is real", with_body(replaced(kBody, "1764003600", "1764003600.5"))},
        {"exp too large", with_body(replaced(kBody, "1764003600", "99999999999999999999"))},
        {"exp twice", with_body(replaced(kBody, R"(,"exp")", R"(,"exp":1,"exp")"))},
        {"another claim", with_body(replaced(kBody, R"(,"exp")", R"(,"admin":true,"exp")"))},
        {"sub is null", with_body(replaced(kBody, R"("ada")", "null"))},
        {"aud is a list", with_body(replaced(kBody, R"("muster-api")", R"(["muster-api"])"))},
        {"not UTF-8", with_body(replaced(kBody, "ada", "\xff"))},
        {"huge", with_body(replaced(kBody, "ada", std::string(4096, 'a')))},
    };
    for (const auto& [name, token] : cases) {
        EXPECT_EQ(open_token(token, kSecret), std::nullopt) << name;
    }
}

TEST(Jwt, TimesIssuerAndAudienceTable) {
    struct Case {
        std::string name;
        std::int64_t now_s;
        std::string issuer;
        std::string audience;
        bool holds;
    };
    const std::vector<Case> cases = {
        {"at once", kNow, "muster", "muster-api", true},
        {"a second early", kNow - 1, "muster", "muster-api", false},
        {"the last second", kNow + 3599, "muster", "muster-api", true},
        {"expired", kNow + 3600, "muster", "muster-api", false},
        {"expired by a second", kNow + 3601, "muster", "muster-api", false},
        {"another issuer", kNow, "else", "muster-api", false},
        {"another audience", kNow, "muster", "else", false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(claims_hold(claims(), c.issuer, c.audience, c.now_s), c.holds) << c.name;
    }
}

TEST(Base64url, OnlyOneTextForTheSameBytes) {
    EXPECT_EQ(base64url_encode(""), "");
    EXPECT_EQ(base64url_encode("f"), "Zg");
    EXPECT_EQ(base64url_encode("fo"), "Zm8");
    EXPECT_EQ(base64url_encode("foo"), "Zm9v");
    EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
    for (const char* bytes : {"", "f", "fo", "foo", "foob"}) {
        EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    }
    for (const char* text : {"Z", "Zh", "Zm9", "Zg==", "Zg=", "Z g", "+/8", "Zm9v\n", "Zm9vZ"}) {
        EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
    }
}

// Of the last character of a signature only the top bits count: all other spellings are refused.
TEST(Base64url, TheLastCharacterIsCanonical) {
    const std::string good = forge(kHeader, kBody);
    int accepted = 0;
    for (const char last :
         std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
        accepted += open_token(good.substr(0, good.size() - 1) + last, kSecret).has_value();
    }
    EXPECT_EQ(accepted, 1);
}

}  // namespace
}  // namespace muster
