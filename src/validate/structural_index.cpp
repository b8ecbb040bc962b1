#include "validate/detail/structural_index.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
// GCC 12 warns of its own "undefined" vectors once the intrinsics are inlined (PR 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif

namespace muster {
namespace {

constexpr std::size_t kWordBytes = 64;

void prepare(std::size_t begin, std::size_t end, PieceIndex& index) {
    // Every implementation may write whole vectors behind the last position.
    constexpr std::size_t kSlack = 2 * kWordBytes;
    if (index.positions.size() < kPieceBytes + kSlack) {
        index.positions.resize(kPieceBytes + kSlack);
        index.special.resize(kPieceBytes / kWordBytes + 1);
    }
    index.begin = begin;
    index.end = end;
    index.count = 0;
    index.any_special = false;
}

// Bits of the last, partial word that lie in the text.
std::uint64_t tail_mask(std::size_t bytes) {
    return bytes >= kWordBytes ? ~0ULL : (1ULL << bytes) - 1;
}

void index_portable(StructuralBytes bytes,
                    const char* data,
                    std::size_t begin,
                    std::size_t end,
                    PieceIndex& index) {
    prepare(begin, end, index);
    std::uint64_t all_special = 0;
    std::size_t word = 0;
    for (std::size_t at = begin; at < end; at += kWordBytes, ++word) {
        const std::size_t stop = std::min(end, at + kWordBytes);
        std::uint64_t special = 0;
        for (std::size_t i = at; i < stop; ++i) {
            const char c = data[i];
            index.positions[index.count] = static_cast<std::uint32_t>(i);
            const bool structural =
                c == bytes.delimiter || c == bytes.quote || c == '\n' || c == '\r';
            index.count += structural ? 1U : 0U;
            special |= std::uint64_t{static_cast<signed char>(c) <= 0} << (i - at);
        }
        index.special[word] = special;
        all_special |= special;
    }
    index.any_special = all_special != 0;
}

#if defined(__x86_64__)

__attribute__((target("avx2,bmi,popcnt"))) void index_avx2(StructuralBytes bytes,
                                                           const char* data,
                                                           std::size_t begin,
                                                           std::size_t end,
                                                           PieceIndex& index) {
    prepare(begin, end, index);
    const __m256i delimiter = _mm256_set1_epi8(bytes.delimiter);
    const __m256i quote = _mm256_set1_epi8(bytes.quote);
    const __m256i lf = _mm256_set1_epi8('\n');
    const __m256i cr = _mm256_set1_epi8('\r');
    const __m256i one = _mm256_set1_epi8(1);
    std::uint32_t* out = index.positions.data();
    std::uint64_t all_special = 0;
    std::size_t word = 0;
    for (std::size_t at = begin; at < end; at += kWordBytes, ++word) {
        std::uint64_t found = 0;
        std::uint64_t special = 0;
        for (unsigned half = 0; half < 2; ++half) {
            const auto v =
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at + half * 32U));
            const __m256i fields =
                _mm256_or_si256(_mm256_cmpeq_epi8(v, delimiter), _mm256_cmpeq_epi8(v, quote));
            const __m256i lines =
                _mm256_or_si256(_mm256_cmpeq_epi8(v, lf), _mm256_cmpeq_epi8(v, cr));
            const auto found_mask =
                static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(fields, lines)));
            const auto special_mask =
                static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(one, v)));
            found |= std::uint64_t{found_mask} << (half * 32U);
            special |= std::uint64_t{special_mask} << (half * 32U);
        }
        const std::uint64_t inside = tail_mask(end - at);
        found &= inside;
        special &= inside;
        index.special[word] = special;
        all_special |= special;
        const auto base = static_cast<std::uint32_t>(at);
        std::uint32_t* next = out + std::popcount(found);
        // Eight at a time without a branch per bit; what is written too much is overwritten.
        while (found != 0) {
            for (unsigned i = 0; i < 8; ++i) {
                out[i] = base + static_cast<std::uint32_t>(std::countr_zero(found));
                found &= found - 1;
            }
            out += 8;
        }
        out = next;
    }
    index.count = static_cast<std::size_t>(out - index.positions.data());
    index.any_special = all_special != 0;
}

#define MUSTER_AVX512 "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,popcnt"

// Sixteen byte numbers of a word, widened to positions.
__attribute__((target(MUSTER_AVX512))) inline void store_positions(std::uint32_t* out,
                                                                   __m128i numbers,
                                                                   __m512i base) {
    _mm512_storeu_si512(out, _mm512_add_epi32(_mm512_cvtepu8_epi32(numbers), base));
}

__attribute__((target(MUSTER_AVX512))) void index_avx512(StructuralBytes bytes,
                                                         const char* data,
                                                         std::size_t begin,
                                                         std::size_t end,
                                                         PieceIndex& index) {
    prepare(begin, end, index);
    alignas(64) std::uint8_t identity_bytes[kWordBytes];
    for (std::size_t i = 0; i < kWordBytes; ++i) {
        identity_bytes[i] = static_cast<std::uint8_t>(i);
    }
    const __m512i identity = _mm512_load_si512(identity_bytes);
    const __m512i delimiter = _mm512_set1_epi8(bytes.delimiter);
    const __m512i quote = _mm512_set1_epi8(bytes.quote);
    const __m512i lf = _mm512_set1_epi8('\n');
    const __m512i cr = _mm512_set1_epi8('\r');
    std::uint32_t* out = index.positions.data();
    std::uint64_t all_special = 0;
    std::size_t word = 0;
    for (std::size_t at = begin; at < end; at += kWordBytes, ++word) {
        const __m512i v = _mm512_loadu_si512(data + at);
        const std::uint64_t inside = tail_mask(end - at);
        const std::uint64_t found =
            (_mm512_cmpeq_epi8_mask(v, delimiter) | _mm512_cmpeq_epi8_mask(v, quote) |
             _mm512_cmpeq_epi8_mask(v, lf) | _mm512_cmpeq_epi8_mask(v, cr)) &
            inside;
        const std::uint64_t special = _mm512_cmple_epi8_mask(v, _mm512_setzero_si512()) & inside;
        index.special[word] = special;
        all_special |= special;
        const __m512i numbers = _mm512_maskz_compress_epi8(found, identity);
        const __m512i base = _mm512_set1_epi32(static_cast<int>(at));
        const int count = std::popcount(found);
        store_positions(out, _mm512_castsi512_si128(numbers), base);
        if (count > 16) [[unlikely]] {
            store_positions(out + 16, _mm512_extracti32x4_epi32(numbers, 1), base);
            store_positions(out + 32, _mm512_extracti32x4_epi32(numbers, 2), base);
            store_positions(out + 48, _mm512_extracti32x4_epi32(numbers, 3), base);
        }
        out += count;
    }
    index.count = static_cast<std::size_t>(out - index.positions.data());
    index.any_special = all_special != 0;
}

#endif

std::vector<NamedIndexFunction> usable_functions() {
    std::vector<NamedIndexFunction> usable;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi")) {
        usable.push_back({"avx512", index_avx512});
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) {
        usable.push_back({"avx2", index_avx2});
    }
#endif
    usable.push_back({"portable", index_portable});
    return usable;
}

}  // namespace

bool PieceIndex::special_within(std::size_t from, std::size_t to) const {
    if (!any_special || from == to) {
        return false;
    }
    const std::size_t first = from - begin;
    const std::size_t last = to - 1 - begin;
    const std::size_t first_word = first / kWordBytes;
    const std::size_t last_word = last / kWordBytes;
    std::uint64_t mask = ~0ULL << (first % kWordBytes);
    for (std::size_t word = first_word; word < last_word; ++word) {
        if ((special[word] & mask) != 0) {
            return true;
        }
        mask = ~0ULL;
    }
    mask &= tail_mask(last % kWordBytes + 1);
    return (special[last_word] & mask) != 0;
}

std::span<const NamedIndexFunction> index_functions() {
    static const std::vector<NamedIndexFunction> functions = usable_functions();
    return functions;
}

}  // namespace muster
