// gzip and zstd: whole, in members and frames, cut and corrupt.
#include "support/scan_outcome.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

namespace muster {
namespace {

std::string gzip(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    std::string in = text;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string lines(std::size_t from, std::size_t to) {
    std::string text;
    for (std::size_t i = from; i < to; ++i) {
        text += std::to_string(i) + ",\"name\n" + std::to_string(i * 7919) + "\"\n";
    }
    return text;
}

Table two_columns() {
    return test_table(
        {test_column("id", {TypeKind::kInt64}), test_column("name", {TypeKind::kString})});
}

ScanOutcome scan(const std::string& stored, const std::string& key, std::size_t block_bytes) {
    MemoryObject object(stored, key);
    ScanOutcome outcome =
        scan_outcome(two_columns(), object, {.block_bytes = block_bytes, .threads = 3});
    if (outcome.problem.empty()) {
        const auto hash = content_hash(object, 2);
        EXPECT_TRUE(hash.ok());
        EXPECT_EQ(outcome.counts.content_hash, *hash);
        EXPECT_EQ(outcome.counts.object_bytes, stored.size());
    }
    return outcome;
}

TEST(CompressedTest, SameAsPlain) {
    const std::string text = lines(0, 40'000);
    const ScanOutcome plain = scan_outcome(two_columns(), text);
    ASSERT_EQ(plain.rows.size(), 40'000U);
    for (const std::size_t block_bytes : {std::size_t{1000}, text.size(), kScanBlockBytes}) {
        for (const auto& [stored, key] :
             {std::pair(gzip(text), "a.csv.gz"), std::pair(zstd(text), "a.csv.zst")}) {
            const ScanOutcome outcome = scan(stored, key, block_bytes);
            EXPECT_EQ(outcome.problem_message, "");
            EXPECT_EQ(outcome.rows, plain.rows);
            EXPECT_EQ(outcome.counts.bytes, text.size());
        }
    }
}

TEST(CompressedTest, MembersAndFrames) {
    const std::string first = lines(0, 500) + "7,cut";
    const std::string second = " in two\n" + lines(600, 900);
    const ScanOutcome plain = scan_outcome(two_columns(), first + second);
    EXPECT_EQ(scan(gzip(first) + gzip("") + gzip(second), "a.gz", 999).rows, plain.rows);
    EXPECT_EQ(scan(zstd(first) + zstd("") + zstd(second), "a.zst", 999).rows, plain.rows);
}

TEST(CompressedTest, CutOrCorruptObjectsAreRefused) {
    const std::string text = lines(0, 20'000);
    for (const auto& [stored, key] :
         {std::pair(gzip(text), "a.csv.gz"), std::pair(zstd(text), "a.csv.zst")}) {
        std::string flipped = stored;
        flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x5A);
        flipped[flipped.size() / 3] = static_cast<char>(flipped[flipped.size() / 3] ^ 0x5A);
        const std::vector<std::string> corrupt = {
            stored.substr(0, stored.size() - 1),
            stored.substr(0, stored.size() / 2),
            stored.substr(0, 3),
            flipped,
            stored + "rubbish that is no member",
            text,
        };
        for (const std::string& bytes : corrupt) {
            const ScanOutcome outcome = scan(bytes, key, 4096);
            EXPECT_EQ(outcome.problem, "file.compressed_data");
            EXPECT_TRUE(outcome.problem_message.starts_with(key));
        }
    }
}

TEST(CompressedTest, EmptyTextsAreEmptyFiles) {
    EXPECT_EQ(scan(gzip(""), "a.gz", 4096).problem, "file.empty");
    EXPECT_EQ(scan(zstd("\xEF\xBB\xBF"), "a.zst", 4096).problem, "file.empty");
    EXPECT_EQ(scan("", "a.gz", 4096).problem, "file.empty");
}

TEST(CompressedTest, ShrinkingIsUnreadable) {
    const std::string stored = gzip(lines(0, 200'000));
    MemoryObject object(stored, "a.gz");
    object.shrink_to(stored.size() / 2);
    EXPECT_EQ(scan_outcome(two_columns(), object, {.threads = 2}).problem, "file.unreadable");
}

}  // namespace
}  // namespace muster
