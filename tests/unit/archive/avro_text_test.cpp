// The oracle is value_text, which formats by fmt and std::chrono.
#include "archive/detail/avro_text.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "archive_rows.h"

namespace muster {
namespace {

constexpr ColumnType kDate{TypeKind::kDate, 0, 0};
constexpr ColumnType kTimestamp{TypeKind::kTimestamp, 0, 0};

template <typename Put>
std::string text_by(Put put) {
    std::array<char, 64> buffer{};
    char* const end = put(buffer.data());
    return end == nullptr ? "none" : std::string(buffer.data(), end);
}

std::string date_text(std::int64_t days) {
    return text_by([days](char* to) { return put_date_text(to, days); });
}

std::string timestamp_text(std::int64_t timestamp_us) {
    return text_by([timestamp_us](char* to) { return put_timestamp_text(to, timestamp_us); });
}

// RFC 3339 with a space for T and without Z.
std::string plain(std::string text) {
    text[10] = ' ';
    text.pop_back();
    return text;
}

TEST(AvroTextTest, YearsBeyondFourDigitsHaveNoText) {
    EXPECT_EQ(date_text(-719'163), "none");
    EXPECT_EQ(date_text(-719'162), "0001-01-01");
    EXPECT_EQ(date_text(2'932'896), "9999-12-31");
    EXPECT_EQ(date_text(2'932'897), "none");
    EXPECT_EQ(timestamp_text(-62'135'596'800'000'001), "none");
    EXPECT_EQ(timestamp_text(-62'135'596'800'000'000), "0001-01-01 00:00:00");
    EXPECT_EQ(timestamp_text(253'402'300'799'999'999), "9999-12-31 23:59:59.999999");
    EXPECT_EQ(timestamp_text(253'402'300'800'000'000), "none");
    for (const std::int64_t extreme :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        EXPECT_EQ(date_text(extreme), "none");
        EXPECT_EQ(timestamp_text(extreme), "none");
    }
}

TEST(AvroTextTest, WhatIsNoTextOfTheseFormsIsRefused) {
    std::int64_t value = 0;
    for (const char* text :
         {"", "2021-11-7", "2021-13-01", "2021-02-29", "0000-01-01", "2021-11-07 ", "+021-11-07"}) {
        EXPECT_FALSE(read_date_text(text, value)) << text;
    }
    for (const char* text : {"",
                             "2021-11-07",
                             "2021-11-07T02:48:42",
                             "2021-11-07 02:48:42Z",
                             "2021-11-07 24:00:00",
                             "2021-11-07 02:48:42.5",
                             "2021-11-07 02:48:42.12345",
                             "2021-11-07 02:48:42.1234567",
                             "2021-11-07 02:48:42+05:00",
                             "2021-11-07 02:48:42 +0:000"}) {
        EXPECT_FALSE(read_timestamp_text(text, value)) << text;
    }
    const ColumnType decimal{TypeKind::kDecimal, 4, 1};
    Int128 unscaled = 0;
    for (const char* text : {"", "-", ".", "1.25", "1000.0", "1e2", " 1.0", "1,0"}) {
        EXPECT_FALSE(read_decimal_text(text, decimal, unscaled)) << text;
    }
}

TEST(AvroTextTest, EveryDayHasTheTextOfTheCalendar) {
    for (std::int64_t days = -719'162; days <= 2'932'896; days += 97) {
        const std::string text = date_text(days);
        ASSERT_EQ(text, value_text(kDate, days));
        std::int64_t back = 0;
        ASSERT_TRUE(read_date_text(text, back));
        ASSERT_EQ(back, days);
    }
}

TEST(AvroTextTest, TimestampsAndDecimalsReadBack) {
    const ArchiveTable table = every_type();
    std::vector<Row> rows = random_rows(3, 5'000);
    const std::vector<Row> edges = edge_rows();
    rows.insert(rows.end(), edges.begin(), edges.end());
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const ColumnType& type = table.columns[i].type;
            if (const auto* unscaled = std::get_if<Int128>(&row[i])) {
                const std::string text =
                    text_by([&](char* to) { return put_decimal_text(to, *unscaled, type.scale); });
                ASSERT_EQ(text, value_text(type, row[i]));
                ASSERT_LE(text.size(), kDecimalTextBytesMax);
                Int128 back = 0;
                ASSERT_TRUE(read_decimal_text(text, type, back));
                ASSERT_TRUE(back == *unscaled) << text;
            }
            if (type == kTimestamp && std::holds_alternative<std::int64_t>(row[i])) {
                const std::int64_t timestamp_us = std::get<std::int64_t>(row[i]);
                const std::string text = timestamp_text(timestamp_us);
                ASSERT_EQ(text, plain(value_text(type, row[i])));
                std::int64_t back = 0;
                ASSERT_TRUE(read_timestamp_text(text, back));
                ASSERT_EQ(back, timestamp_us) << text;
            }
        }
    }
}

TEST(AvroTextTest, TheWidestNumberFitsAtEveryScale) {
    constexpr auto kMost = static_cast<Int128>(~Uint128{0} >> 1U);
    for (int scale = 0; scale <= 38; ++scale) {
        const ColumnType type{TypeKind::kDecimal, 38, scale};
        for (const Int128 unscaled : {-kMost - 1, kMost, Int128{0}, Int128{-7}}) {
            const std::string text =
                text_by([&](char* to) { return put_decimal_text(to, unscaled, scale); });
            EXPECT_EQ(text, value_text(type, unscaled));
            EXPECT_LE(text.size(), kDecimalTextBytesMax);
        }
    }
}

}  // namespace
}  // namespace muster
