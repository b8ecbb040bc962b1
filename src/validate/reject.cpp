#include "validate/reject.h"

#include "core/check.h"

#include <array>

namespace muster {
namespace {

constexpr std::array<std::string_view, kRejectCodeCount> kTexts = {
    "file.unreadable",        "file.empty",
    "file.encoding",          "file.header_mismatch",
    "file.compressed_data",   "record.too_few_fields",
    "record.too_many_fields", "record.unterminated_quote",
    "record.stray_quote",     "record.invalid_utf8",
    "record.nul_byte",        "record.too_long",
    "value.missing",          "value.not_integer",
    "value.not_number",       "value.not_boolean",
    "value.not_date",         "value.not_timestamp",
    "value.out_of_range",     "value.too_short",
    "value.too_long",         "value.pattern",
    "value.not_allowed",      "value.wrong_type",
    "value.unknown_field",    "row.check",
    "key.duplicate",          "key.exists",
    "reference.missing",      "destination.rejected",
};

void append_hex(std::string& out, std::uint64_t value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) {
        out.push_back(kDigits[(value >> shift) & 15U]);
    }
}

}  // namespace

std::string_view reject_code_text(RejectCode code) {
    const auto index = static_cast<std::size_t>(code);
    MUSTER_CHECK(index < kTexts.size());
    return kTexts[index];
}

std::string raw_hash_text(const RawHash& hash) {
    std::string out;
    out.reserve(32);
    append_hex(out, hash.high);
    append_hex(out, hash.low);
    return out;
}

std::string reject_id_text(std::string_view table,
                           std::string_view raw_hash_hex,
                           std::uint64_t occurrence) {
    std::string key;
    key.append(table).push_back('\0');
    key.append(raw_hash_hex).push_back('\0');
    key.append(std::to_string(occurrence));
    return raw_hash_text(hash_raw(key));
}

}  // namespace muster
