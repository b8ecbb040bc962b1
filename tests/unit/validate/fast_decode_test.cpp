// The quick decoders never contradict the full ones.
#include "validate/detail/fast_decode.h"

#include "types/decode.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace muster {
namespace {

void expect_integer_agrees(const std::string& text) {
    const std::string padded = text + "99999999";
    std::int64_t fast = 0;
    std::int64_t full = 0;
    const DecodeStatus status = decode_int64(text, full);
    if (!text.empty() && fast_integer(padded.data(), text.size(), fast)) {
        EXPECT_EQ(status, DecodeStatus::kOk) << text;
        EXPECT_EQ(fast, full) << text;
    }
}

void expect_timestamp_agrees(const std::string& text) {
    std::int64_t fast = 0;
    std::int64_t full = 0;
    const DecodeStatus status = decode_timestamp(text, {}, full);
    if (fast_timestamp(text.data(), fast)) {
        EXPECT_EQ(status, DecodeStatus::kOk) << text;
        EXPECT_EQ(fast, full) << text;
    }
}

TEST(FastDecodeTest, Integers) {
    std::mt19937_64 random(1);
    std::string digits;
    for (int length = 1; length <= 16; ++length) {
        digits.push_back(static_cast<char>('0' + length % 10));
        for (const std::string& text : {digits, "-" + digits}) {
            std::int64_t value = 0;
            EXPECT_TRUE(fast_integer((text + "xxxxxxxx").data(), text.size(), value)) << text;
            EXPECT_EQ(value, std::stoll(text));
        }
    }
    constexpr char kNear[] = "0123456789-+./:; \t\"e\xFF";
    for (int round = 0; round < 200'000; ++round) {
        std::string text = std::to_string(random() >> (random() % 64));
        expect_integer_agrees(text);
        text[random() % text.size()] = kNear[random() % (sizeof kNear - 1)];
        expect_integer_agrees(text);
    }
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t at = 0; at < 9; ++at) {
            std::string text = "123456789";
            text[at] = static_cast<char>(byte);
            expect_integer_agrees(text);
            expect_integer_agrees(text.substr(0, 8));
        }
    }
}

TEST(FastDecodeTest, Timestamps) {
    const std::string good = "2021-07-27T16:02:08Z";
    std::int64_t value = 0;
    ASSERT_TRUE(fast_timestamp(good.data(), value));
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = good;
            text[at] = static_cast<char>(byte);
            expect_timestamp_agrees(text);
        }
    }
    std::mt19937 random(2);
    char text[64];
    for (int round = 0; round < 300'000; ++round) {
        std::snprintf(text,
                      sizeof text,
                      "%04u-%02u-%02uT%02u:%02u:%02uZ",
                      static_cast<unsigned>(random() % 10'000),
                      static_cast<unsigned>(random() % 14),
                      static_cast<unsigned>(random() % 33),
                      static_cast<unsigned>(random() % 26),
                      static_cast<unsigned>(random() % 62),
                      static_cast<unsigned>(random() % 62));
        expect_timestamp_agrees(text);
    }
    for (const char* leap : {"2000-02-29T00:00:00Z",
                             "2024-02-29T23:59:59Z",
                             "0001-01-01T00:00:00Z",
                             "9999-12-31T23:59:59Z"}) {
        EXPECT_TRUE(fast_timestamp(leap, value));
        expect_timestamp_agrees(leap);
    }
    EXPECT_FALSE(fast_timestamp("1900-02-29T00:00:00Z", value));
}

}  // namespace
}  // namespace muster
