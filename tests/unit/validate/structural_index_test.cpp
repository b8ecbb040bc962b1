// Every implementation of the index against the obvious loop.
#include "validate/detail/structural_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace muster {
namespace {

void expect_right(const NamedIndexFunction& function, const std::string& text, std::size_t begin) {
    const std::string padded = text + std::string(kPaddingBytes, ',');
    const StructuralBytes bytes{';', '\''};
    PieceIndex index;
    function.run(bytes, padded.data(), begin, text.size(), index);
    std::vector<std::uint32_t> expected;
    bool special = false;
    for (std::size_t i = begin; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ';' || c == '\'' || c == '\n' || c == '\r') {
            expected.push_back(static_cast<std::uint32_t>(i));
        }
        const bool is_special = c == '\0' || (static_cast<unsigned char>(c) & 0x80U) != 0;
        special = special || is_special;
        ASSERT_EQ(index.special_within(i, i + 1), is_special);
    }
    index.positions.resize(index.count);
    EXPECT_EQ(index.positions, expected) << function.name;
    EXPECT_EQ(index.special_within(begin, text.size()), special) << function.name;
    EXPECT_FALSE(index.special_within(begin, begin));
}

TEST(StructuralIndexTest, AllImplementationsAgree) {
    using namespace std::string_literals;
    const std::string alphabet = "abc;'\n\r,\"\0\x7F\x80\xFF"s;
    std::mt19937 random(5);
    ASSERT_FALSE(index_functions().empty());
    EXPECT_EQ(index_functions().back().name, "portable");
    for (const NamedIndexFunction& function : index_functions()) {
        for (int round = 0; round < 500; ++round) {
            // Sparse, dense and plain texts.
            const std::size_t letters = round % 3 == 0 ? 3 : alphabet.size();
            std::string text(random() % 400, 'x');
            for (char& c : text) {
                c = random() % 4 < static_cast<unsigned>(round) % 5 ? alphabet[random() % letters]
                                                                    : 'x';
            }
            expect_right(function, text, text.empty() ? 0 : random() % text.size());
        }
        expect_right(function, std::string(kPieceBytes, ';'), 0);
        expect_right(function, "", 0);
    }
}

TEST(StructuralIndexTest, SpecialWithinLooksAtTheRangeOnly) {
    std::string text(300, 'a');
    text[130] = '\0';
    PieceIndex index;
    const std::string padded = text + std::string(kPaddingBytes, '\0');
    index_functions().front().run({}, padded.data(), 10, text.size(), index);
    EXPECT_TRUE(index.special_within(10, 300));
    EXPECT_TRUE(index.special_within(130, 131));
    EXPECT_FALSE(index.special_within(10, 130));
    EXPECT_FALSE(index.special_within(131, 300));
}

}  // namespace
}  // namespace muster
