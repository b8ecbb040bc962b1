// Finds the structural bytes of a piece of text (delimiter, quote, LF, CR) at memory speed, and
// tells which bytes need a closer look (NUL or not ASCII). One implementation per instruction set,
// chosen at run time; all give the same result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace muster {

struct StructuralBytes {
    char delimiter = ',';
    char quote = '"';  // LF where quoting is off
};

// Bytes that a caller must be able to read behind the text.
inline constexpr std::size_t kPaddingBytes = 64;
// Text indexed at once, so that the second pass finds it in the cache.
inline constexpr std::size_t kPieceBytes = 64U << 10;

struct PieceIndex {
    std::vector<std::uint32_t> positions;  // in the buffer, rising; `count` of them
    std::size_t count = 0;
    std::vector<std::uint64_t> special;  // a bit per byte from `begin` on: NUL or not ASCII
    bool any_special = false;
    std::size_t begin = 0;
    std::size_t end = 0;

    bool special_within(std::size_t from, std::size_t to) const;
};

// Indexes data[begin, end). Requires: end - begin <= kPieceBytes, end < 2^32, kPaddingBytes
// readable bytes behind `end`.
using IndexFunction = void (*)(
    StructuralBytes bytes, const char* data, std::size_t begin, std::size_t end, PieceIndex& index);

struct NamedIndexFunction {
    std::string_view name;
    IndexFunction run;
};

// Those that this machine can run, the best first.
std::span<const NamedIndexFunction> index_functions();

}  // namespace muster
