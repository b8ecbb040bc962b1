#include "core/text.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fnmatch.h>

namespace muster {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            row[j] = std::min({above + 1, row[j - 1] + 1, substitute});
            diagonal = above;
        }
    }
    return row[b.size()];
}

// The length of the valid UTF-8 character at the start of `text`, 0 if there is none.
std::size_t character_length(std::string_view text) {
    for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
        if (simdjson::validate_utf8(text.data(), length)) {
            return length;
        }
    }
    return 0;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
    const std::size_t distance_max = std::max<std::size_t>(2, word.size() / 3);
    std::optional<std::string> best;
    std::size_t best_distance = distance_max + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    const auto candidate = nearest(word, candidates);
    return candidate ? fmt::format(" (did you mean '{}'?)", *candidate) : std::string{};
}

bool glob_match(std::string_view pattern, std::string_view text) {
    const std::string pattern_text{pattern};
    const std::string subject{text};
    return fnmatch(pattern_text.c_str(), subject.c_str(), FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

namespace {

// 1: stands as it is in a JSON string; 0: an escape, or a byte of a longer character.
constexpr std::array<std::uint8_t, 256> kPlainInJson = [] {
    std::array<std::uint8_t, 256> plain{};
    for (std::size_t c = 0x20; c < 0x80; ++c) {
        plain[c] = c != '"' && c != '\\' ? 1 : 0;
    }
    return plain;
}();

// Appends the first character of the text, which is none of kPlainInJson; returns its bytes.
std::size_t append_special(std::string& out, std::string_view text) {
    const auto c = static_cast<unsigned char>(text.front());
    if (c == '"' || c == '\\') {
        out += '\\';
        out += static_cast<char>(c);
    } else if (c == '\n') {
        out += "\\n";
    } else if (c == '\r') {
        out += "\\r";
    } else if (c == '\t') {
        out += "\\t";
    } else if (c < 0x20) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else if (const std::size_t length = character_length(text); length != 0) {
        out += text.substr(0, length);
        return length;
    } else {
        out += "\xEF\xBF\xBD";
    }
    return 1;
}

}  // namespace

void append_json_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && kPlainInJson[static_cast<unsigned char>(text[plain])] != 0) {
            ++plain;
        }
        out.append(text.data(), plain);
        text.remove_prefix(plain);
        if (!text.empty()) {
            text.remove_prefix(append_special(out, text));
        }
    }
    out += '"';
}

std::string json_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_json_quoted(out, text);
    return out;
}

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string ascii_lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

std::string base64_encode(std::string_view bytes) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const std::size_t taken = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) {
            const auto byte = j < taken ? static_cast<unsigned char>(bytes[i + j]) : 0U;
            group = group << 8U | byte;
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= taken ? kAlphabet[group >> (18U - 6U * j) & 0x3FU] : '=';
        }
    }
    return out;
}

std::string hex(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 0xFU];
    }
    return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U &&
           bytes_max - end < 3) {
        --end;
    }
    const bool continues = (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U;
    return text.substr(0, continues ? bytes_max : end);
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
    std::uint64_t number = 0;
    const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc{}) {
        return std::nullopt;
    }
    std::string unit;
    for (const char c : text.substr(static_cast<std::size_t>(rest - text.data()))) {
        if (c != ' ') {
            unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    struct Unit {
        std::string_view name;
        std::uint64_t bytes;
    };
    static constexpr std::array kUnits = {
        Unit{"", 1},
        Unit{"b", 1},
        Unit{"k", 1000},
        Unit{"kb", 1000},
        Unit{"kib", 1ULL << 10U},
        Unit{"m", 1000000},
        Unit{"mb", 1000000},
        Unit{"mib", 1ULL << 20U},
        Unit{"g", 1000000000},
        Unit{"gb", 1000000000},
        Unit{"gib", 1ULL << 30U},
        Unit{"tb", 1000000000000},
        Unit{"tib", 1ULL << 40U},
    };
    for (const Unit& candidate : kUnits) {
        if (candidate.name == unit && number <= UINT64_MAX / candidate.bytes) {
            return number * candidate.bytes;
        }
    }
    return std::nullopt;
}

std::string with_thousands(std::int64_t value) {
    std::string digits = std::to_string(value);
    const std::size_t first = value < 0 ? 1 : 0;
    for (std::size_t end = digits.size(); end > first + 3;) {
        end -= 3;
        digits.insert(end, ",");
    }
    return digits;
}

std::string human_bytes(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < kUnits.size()) {
        amount /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

namespace {

// Marks that turn the direction of what follows them (UTR 36): U+200E/F, U+202A..E, U+2066..9.
bool turns_direction(std::string_view text) {
    if (text.size() < 3 || text[0] != '\xE2') {
        return false;
    }
    const auto last = static_cast<unsigned char>(text[2]);
    return text[1] == '\x80' ? last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE)
                             : text[1] == '\x81' && last >= 0xA6 && last <= 0xA9;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (turns_direction(text.substr(i))) {
            out += "\xEF\xBF\xBD";  // U+FFFD
            i += 2;
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\r') {
            out += "\\r";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace muster
