#include "validate/detail/messages.h"

#include "core/limits.h"
#include "core/text.h"

namespace muster {

std::string quoted_value(std::string_view text) {
    const std::string_view shown = utf8_prefix(text, kReasonValueBytesMax);
    std::string out = "'";
    out.append(shown);
    out.append(shown.size() < text.size() ? "...'" : "'");
    return out;
}

Reason value_reason(RejectCode code,
                    std::size_t column_index,
                    const Column& column,
                    std::string_view value,
                    std::string_view rule) {
    Reason reason;
    reason.code = code;
    reason.column = static_cast<int>(column_index);
    reason.value = utf8_prefix(value, kReasonValueBytesMax);
    reason.message = column.name;
    reason.message.append(" ").append(rule);
    if (code != RejectCode::kValueMissing) {
        reason.message.append(", got ").append(quoted_value(value));
    }
    return reason;
}

namespace {

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string record_message(RejectCode code,
                           std::size_t fields,
                           std::size_t expected,
                           std::size_t limit_bytes) {
    if (code == RejectCode::kRecordTooFewFields || code == RejectCode::kRecordTooManyFields) {
        return "record has " + counted(fields, "field") + ", expected " + std::to_string(expected);
    }
    if (code == RejectCode::kRecordUnterminatedQuote) {
        return "a quoted field is not closed before the end of the file or within " +
               counted(limit_bytes, "byte");
    }
    if (code == RejectCode::kRecordTooLong) {
        return "record is longer than the limit of " + counted(limit_bytes, "byte");
    }
    if (code == RejectCode::kRecordStrayQuote) {
        return "a quote stands inside an unquoted field, or text follows a closing quote";
    }
    if (code == RejectCode::kRecordNulByte) {
        return "record holds a NUL byte";
    }
    return "record is not valid UTF-8";
}

}  // namespace

Reason record_reason(RejectCode code,
                     std::size_t fields,
                     std::size_t expected,
                     std::size_t limit_bytes) {
    Reason reason;
    reason.code = code;
    reason.message = record_message(code, fields, expected, limit_bytes);
    return reason;
}

std::string_view type_rule(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return "must be an integer";
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return "must be a number";
        case TypeKind::kBool:
            return "must be true or false";
        case TypeKind::kDate:
            return "must be a date like 2021-12-31";
        case TypeKind::kTimestamp:
            return "must be a timestamp with a time zone like 2021-12-31T23:59:59Z";
        case TypeKind::kString:
            return "must be text";
    }
    return "must be of its type";
}

RejectCode type_code(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return RejectCode::kValueNotInteger;
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return RejectCode::kValueNotNumber;
        case TypeKind::kBool:
            return RejectCode::kValueNotBoolean;
        case TypeKind::kDate:
            return RejectCode::kValueNotDate;
        case TypeKind::kTimestamp:
            return RejectCode::kValueNotTimestamp;
        case TypeKind::kString:
            return RejectCode::kValueWrongType;
    }
    return RejectCode::kValueWrongType;
}

std::string type_range_rule(const ColumnType& type) {
    if (type.kind == TypeKind::kDate || type.kind == TypeKind::kTimestamp) {
        return "must lie in the years 0001 to 9999";
    }
    return "does not fit " + type_text(type);
}

}  // namespace muster
