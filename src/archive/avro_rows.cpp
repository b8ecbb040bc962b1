// Decodes the rows of one block. A reading function returns the end of what it read, or null after
// it noted the problem: an Error is made once, not per field.
#include "archive/avro_reader.h"
#include "archive/detail/avro_long.h"
#include "archive/detail/avro_text.h"
#include "core/text.h"

#include <fmt/core.h>

#include <cstring>
#include <limits>

namespace muster {

namespace {

constexpr char kNullBranch = 0;  // 0 and 1 as zig-zag longs
constexpr char kValueBranch = 2;

bool text_is_utf8(std::string_view text) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        seen |= word;
    }
    for (; at < text.size(); ++at) {
        seen |= static_cast<unsigned char>(text[at]);
    }
    return (seen & kHighBits) == 0 || valid_utf8(text);
}

}  // namespace

AvroRows::AvroRows(const ArchiveTable& table) : table_(table), fields_(table.columns.size()) {}

const char* AvroRows::fail(std::string_view problem) {
    problem_ = problem;
    return nullptr;
}

Error AvroRows::fault(std::string_view column, std::string_view problem) const {
    std::string message = place_;
    if (!column.empty()) {
        message += fmt::format(", row {}, column {}", rows_ - rows_left_ + 1, column);
    }
    return Error{ErrorCode::kVerification, message + ": " + std::string(problem), "", ""};
}

Result<void> AvroRows::open(const AvroStoredBlock& block) {
    place_ = block.place;
    rows_ = 0;
    rows_left_ = 0;
    if (auto decompressed = avro_decompress(block.codec, block.data, restored_);
        !decompressed.ok()) {
        Error error = std::move(decompressed).error();
        error.message = place_ + ": " + error.message;
        return error;
    }
    at_ = restored_.view().data();
    end_ = at_ + restored_.size();
    // A field takes a byte at least.
    if (block.rows > restored_.size()) {
        return fault("", fmt::format("{} rows in {} bytes", block.rows, restored_.size()));
    }
    rows_ = block.rows;
    rows_left_ = block.rows;
    return {};
}

Result<bool> AvroRows::next() {
    if (rows_left_ == 0) {
        return false;
    }
    const char* at = at_;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const ArchiveColumn& column = table_.columns[i];
        at = read_field(column, at, fields_[i]);
        if (at == nullptr) {
            Error error = fault(column.name, problem_);
            rows_left_ = 0;
            return error;
        }
    }
    at_ = at;
    --rows_left_;
    if (rows_left_ == 0 && at_ != end_) {
        return fault("", fmt::format("{} bytes follow the last row", end_ - at_));
    }
    return true;
}

const char* AvroRows::read_field(const ArchiveColumn& column, const char* at, AvroField& field) {
    field.null = false;
    if (column.nullable) {
        if (at == end_) {
            return fail("the data of the block ends within the row");
        }
        const char branch = *at++;
        if (branch == kNullBranch) {
            field.null = true;
            return at;
        }
        if (branch != kValueBranch) {
            return fail("neither NULL nor a value: the union has no such branch");
        }
    }
    return read_value(column.type, at, field);
}

const char* AvroRows::read_value(const ColumnType& type, const char* at, AvroField& field) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return read_integer(at,
                                std::numeric_limits<std::int32_t>::min(),
                                std::numeric_limits<std::int32_t>::max(),
                                field);
        case TypeKind::kInt64:
            return read_integer(at,
                                std::numeric_limits<std::int64_t>::min(),
                                std::numeric_limits<std::int64_t>::max(),
                                field);
        case TypeKind::kDouble:
            if (static_cast<std::size_t>(end_ - at) < sizeof field.real) {
                return fail("the data of the block ends within a double");
            }
            std::memcpy(&field.real, at, sizeof field.real);
            return at + sizeof field.real;
        case TypeKind::kBool:
            if (at == end_ || (*at != 0 && *at != 1)) {
                return fail("no boolean");
            }
            field.integer = *at == 0 ? 0 : 1;
            return at + 1;
        case TypeKind::kString:
            at = read_string(at, field.text);
            return at == nullptr || text_is_utf8(field.text) ? at : fail("the text is not UTF-8");
        case TypeKind::kDecimal:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return read_text(type, at, field);
    }
    return fail("a type that is not known");
}

const char* AvroRows::read_integer(const char* at,
                                   std::int64_t low,
                                   std::int64_t high,
                                   AvroField& field) {
    at = read_avro_long(at, end_, field.integer);
    if (at == nullptr || field.integer < low || field.integer > high) {
        return fail("no integer of the column's type");
    }
    return at;
}

const char* AvroRows::read_string(const char* at, std::string_view& text) {
    std::int64_t bytes = 0;
    at = read_avro_long(at, end_, bytes);
    if (at == nullptr || bytes < 0 || bytes > end_ - at) {
        return fail("the length of the text goes beyond the block");
    }
    text = {at, static_cast<std::size_t>(bytes)};
    return at + bytes;
}

const char* AvroRows::read_text(const ColumnType& type, const char* at, AvroField& field) {
    std::string_view text;
    at = read_string(at, text);
    if (at == nullptr) {
        return nullptr;
    }
    if (type.kind == TypeKind::kDecimal) {
        return read_decimal_text(text, type, field.unscaled)
                   ? at
                   : fail("the text is no decimal of the column's type");
    }
    if (type.kind == TypeKind::kDate) {
        return read_date_text(text, field.integer) ? at : fail("the text is no date");
    }
    return read_timestamp_text(text, field.integer) ? at : fail("the text is no timestamp");
}

Uint128 AvroRows::row_hash() {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const AvroField& field = fields_[i];
        if (field.null) {
            hasher_.add_null();
            continue;
        }
        switch (table_.columns[i].type.kind) {
            case TypeKind::kInt32:
            case TypeKind::kInt64:
            case TypeKind::kDate:
            case TypeKind::kTimestamp:
                hasher_.add_int64(field.integer);
                break;
            case TypeKind::kDecimal:
                hasher_.add_decimal(field.unscaled);
                break;
            case TypeKind::kDouble:
                hasher_.add_double(field.real);
                break;
            case TypeKind::kBool:
                hasher_.add_bool(field.integer != 0);
                break;
            case TypeKind::kString:
                hasher_.add_string(field.text);
                break;
        }
    }
    return hasher_.finish();
}

}  // namespace muster
