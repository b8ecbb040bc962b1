// The scan against the reference splitter on random text: every block size, any number of threads.
#include "support/reference_compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace muster {
namespace {

struct Alphabet {
    const char* name;
    std::vector<std::string> tokens;
};

std::vector<Alphabet> alphabets() {
    using namespace std::string_literals;
    return {
        {"everything",
         {"\"",
          "\"",
          ",",
          ",",
          "\n",
          "\r",
          "\r\n",
          "a",
          "b",
          " ",
          "\0"s,
          "\xC3\xA9",
          "\xFF",
          "\t",
          "\xEF\xBB\xBF",
          "\xED\xA0\x80"}},
        {"quoted", {"\"", "\"\"", ",\"", "\",", "\n", "\n\"", "\"\n", "x", "\r\n", "\"\r\n"}},
        {"mostly plain", {"abc", "de", ",", ",", "f", "g,h", "i,j\n", "k,l\r\n", "m", "\n", "\""}},
        {"line ends", {"\n", "\r", "\r\n", "a", "\"", ",", "\n\r"}},
        {"plain", {"abc,def\n", "g,h\n", " i ,\xC3\xA9\n", "j,k\r\n", "l,m\r"}},
    };
}

std::string random_text(std::mt19937& random, const Alphabet& alphabet, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
        text += alphabet.tokens[random() % alphabet.tokens.size()];
    }
    return text;
}

void expect_like_reference(const Table& table, const std::string& text, OutcomeOptions options) {
    const std::string difference = reference_difference(table, text, options);
    ASSERT_EQ(difference, "") << "block " << options.block_bytes << ", threads " << options.threads
                              << ", limit " << table.max_record_bytes << ", columns "
                              << table.columns.size() << ", text "
                              << testing::PrintToString(text.substr(0, 400));
}

Table random_table(std::mt19937& random) {
    constexpr std::size_t kLimits[] = {1U << 20, 1U << 20, 1, 2, 5, 17, 100};
    Table table = text_table(1 + random() % 3);
    table.max_record_bytes = kLimits[random() % std::size(kLimits)];
    table.quote = random() % 8 == 0 ? '\0' : '"';
    table.trim = random() % 4 != 0;
    return table;
}

TEST(ReferenceTest, SmallTextsInSmallBlocks) {
    constexpr std::size_t kBlocks[] = {1, 2, 3, 7, 64, 4096};
    constexpr std::size_t kThreads[] = {1, 2, 7};
    std::mt19937 random(20211);
    for (int round = 0; round < 120; ++round) {
        for (const Alphabet& alphabet : alphabets()) {
            const Table table = random_table(random);
            const std::string text = random_text(random, alphabet, random() % 90);
            for (const std::size_t block : kBlocks) {
                const std::size_t threads = kThreads[random() % std::size(kThreads)];
                expect_like_reference(table, text, {.block_bytes = block, .threads = threads});
                if (testing::Test::HasFatalFailure()) {
                    return;
                }
            }
        }
    }
}

TEST(ReferenceTest, LargerTexts) {
    constexpr std::size_t kBlocks[] = {64, 1000, 4096, 1U << 20};
    constexpr std::size_t kThreads[] = {1, 2, 7};
    std::mt19937 random(7);
    for (int round = 0; round < 4; ++round) {
        for (const Alphabet& alphabet : alphabets()) {
            const Table table = random_table(random);
            for (const std::size_t block : kBlocks) {
                const std::size_t bytes_max = std::min<std::size_t>(200 * block, 200'000);
                const std::string text = random_text(random, alphabet, 1 + random() % bytes_max);
                for (const std::size_t threads : kThreads) {
                    const bool keep = random() % 3 != 0;
                    expect_like_reference(
                        table, text, {.block_bytes = block, .threads = threads, .keep_rows = keep});
                    if (testing::Test::HasFatalFailure()) {
                        return;
                    }
                }
            }
        }
    }
}

// Quoted fields and lines over many pieces and blocks, near the limit.
TEST(ReferenceTest, LongRecords) {
    constexpr std::size_t kBlocks[] = {4096, 1U << 16, 1U << 20};
    std::mt19937 random(99);
    for (const std::size_t limit : {40'000U, 70'000U, 140'000U}) {
        Table table = text_table(2);
        table.max_record_bytes = limit;
        std::string text = "a,b\n";
        for (int i = 0; i < 12; ++i) {
            const std::size_t bytes = limit - 3 + random() % 6;
            switch (random() % 4) {
                case 0:
                    text += std::string(bytes, 'x') + (i % 2 == 0 ? "\n" : "\r\n");
                    break;
                case 1:
                    text += "\"" + std::string(bytes / 2, 'y') + "\n\"\"" +
                            std::string(bytes / 2, 'z') + "\",q\n";
                    break;
                case 2:
                    text += "\"open\r\n" + std::string(bytes, 'w') + "\nc,d\n";
                    break;
                default:
                    text += "1," + std::string(bytes, 'v') + "\r";
                    break;
            }
        }
        for (const std::size_t block : kBlocks) {
            expect_like_reference(table, text, {.block_bytes = block, .threads = 2});
        }
    }
}

}  // namespace
}  // namespace muster
