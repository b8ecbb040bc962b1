// A refused record with all its reasons. Shared by the scan, the ledger and the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// The stable codes of catalog.md. Their texts ("value.missing") are part of the product's contract.
enum class RejectCode : std::uint8_t {
    kFileUnreadable,
    kFileEmpty,
    kFileEncoding,
    kFileHeaderMismatch,
    kFileCompressedData,
    kRecordTooFewFields,
    kRecordTooManyFields,
    kRecordUnterminatedQuote,
    kRecordStrayQuote,
    kRecordInvalidUtf8,
    kRecordNulByte,
    kRecordTooLong,
    kValueMissing,
    kValueNotInteger,
    kValueNotNumber,
    kValueNotBoolean,
    kValueNotDate,
    kValueNotTimestamp,
    kValueOutOfRange,
    kValueTooShort,
    kValueTooLong,
    kValuePattern,
    kValueNotAllowed,
    kValueWrongType,
    kValueUnknownField,
    kRowCheck,
    kKeyDuplicate,
    kKeyExists,
    kReferenceMissing,
    kDestinationRejected,
};
inline constexpr std::size_t kRejectCodeCount = 30;

std::string_view reject_code_text(RejectCode code);

// Why a record was refused: one violated rule.
struct Reason {
    RejectCode code;
    int column = -1;      // index in the table, -1 for the record as a whole
    std::string value;    // the cleaned value, cut to kReasonValueBytesMax on a character border
    std::string message;  // plain English
};

struct RawHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const RawHash&) const = default;
};

// A record refused by the scan.
struct RejectedRecord {
    std::uint64_t line = 0;    // 1-based physical line of its first byte
    std::uint64_t offset = 0;  // bytes from the start of the (decompressed) object
    std::uint64_t length = 0;  // bytes, without the final line end
    std::string_view raw;      // first kRejectRawBytesMax bytes; valid during the callback only
    RawHash raw_hash;          // XXH3-128 of the whole record
    std::vector<Reason> reasons;
    bool decoded = false;  // every value decoded, so row checks can be evaluated as well
};

// XXH3-128 of a record without its line end.
RawHash hash_raw(std::string_view record);
std::string raw_hash_text(const RawHash& hash);  // 32 hex digits, high first

// The identity of a reject: 32 hex digits of XXH3-128 over table, raw hash and occurrence (1-based,
// among the records of the object with the same raw bytes).
std::string reject_id_text(std::string_view table,
                           std::string_view raw_hash_hex,
                           std::uint64_t occurrence);

}  // namespace muster
