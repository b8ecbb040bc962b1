#include "warehouse/postgres/rows.h"

#include "core/limits.h"
#include "core/percent.h"
#include "types/decode.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace muster {

namespace {

// The numbers of pg_type.dat that a table of a catalog or a count can have.
constexpr unsigned kBool = 16;
constexpr unsigned kInt8 = 20;
constexpr unsigned kInt2 = 21;
constexpr unsigned kInt4 = 23;
constexpr unsigned kText = 25;
constexpr unsigned kOid = 26;
constexpr unsigned kFloat4 = 700;
constexpr unsigned kFloat8 = 701;
constexpr unsigned kBpchar = 1042;
constexpr unsigned kVarchar = 1043;
constexpr unsigned kDate = 1082;
constexpr unsigned kTimestamp = 1114;
constexpr unsigned kTimestamptz = 1184;
constexpr unsigned kNumeric = 1700;

constexpr int kNumericHeader = 4;

double real_of(std::string_view text) {
    if (text == "NaN") {
        return std::nan("");
    }
    if (text == "Infinity" || text == "-Infinity") {
        return text.front() == '-' ? -HUGE_VAL : HUGE_VAL;
    }
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// "2021-07-27 16:02:08.12+00" as RFC 3339.
std::string rfc3339(std::string_view text) {
    std::string out(text);
    if (out.size() > 10 && out[10] == ' ') {
        out[10] = 'T';
    }
    if (out.ends_with("+00")) {
        out.resize(out.size() - 3);
    }
    return out + "Z";
}

Error unreadable(const ColumnType& type, std::string_view text) {
    return Error{ErrorCode::kInternal,
                 fmt::format("the value '{}' cannot be shown as {}", text, type_text(type)),
                 "",
                 ""};
}

}  // namespace

// --- PgParams ------------------------------------------------------------------------------------

PgParams& PgParams::add(std::int64_t value) {
    params_.push_back({false, false, std::to_string(value)});
    return *this;
}

PgParams& PgParams::add(std::string_view text) {
    params_.push_back({false, false, std::string(text)});
    return *this;
}

PgParams& PgParams::add(double value) {
    return add(postgres_text({TypeKind::kDouble, 0, 0}, Value(value)));
}

PgParams& PgParams::add(bool value) { return add(value ? "t" : "f"); }

PgParams& PgParams::add_null() {
    params_.push_back({true, false, ""});
    return *this;
}

PgParams& PgParams::add_blob(std::string_view bytes) {
    params_.push_back({false, true, std::string(bytes)});
    return *this;
}

PgParams& PgParams::add(const ColumnType& type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return add_null();
    }
    return add(postgres_text(type, value));
}

// --- PgRows --------------------------------------------------------------------------------------

PgRows::PgRows(const Libpq& libpq, pg_result* result)
    : libpq_(&libpq), result_(result, Clear{&libpq}), rows_(libpq.ntuples(result)) {}

PgRows::PgRows(PgTable table) : rows_(static_cast<int>(table.rows.size())) {
    table_ = std::make_unique<const PgTable>(std::move(table));
}

bool PgRows::next() {
    if (row_ < rows_) {
        ++row_;
    }
    return row_ < rows_;
}

std::int64_t PgRows::size() const { return rows_; }

bool PgRows::is_null(std::size_t column) const {
    if (table_) {
        return !table_->rows[static_cast<std::size_t>(row_)][column].has_value();
    }
    return libpq_->getisnull(result_.get(), row_, static_cast<int>(column)) != 0;
}

std::string_view PgRows::text(std::size_t column) const {
    if (table_) {
        const auto& value = table_->rows[static_cast<std::size_t>(row_)][column];
        return value ? std::string_view(*value) : std::string_view();
    }
    const int at = static_cast<int>(column);
    return {libpq_->getvalue(result_.get(), row_, at),
            static_cast<std::size_t>(libpq_->getlength(result_.get(), row_, at))};
}

std::int64_t PgRows::int64(std::size_t column) const {
    const std::string_view digits = text(column);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

double PgRows::real(std::size_t column) const { return real_of(text(column)); }

bool PgRows::boolean(std::size_t column) const { return text(column) == "t"; }

std::string PgRows::blob(std::size_t column) const {
    const std::string_view digits = text(column);
    std::string bytes;
    for (std::size_t i = 2; i + 1 < digits.size(); i += 2) {  // after \x
        bytes += static_cast<char>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1]));
    }
    return bytes;
}

Result<Value> PgRows::value(std::size_t column, const ColumnType& type) const {
    if (is_null(column)) {
        return Value();
    }
    const std::string_view found = text(column);
    switch (type.kind) {
        case TypeKind::kString:
            return Value(std::string(found));
        case TypeKind::kBool:
            return Value(found == "t");
        case TypeKind::kDouble:
            return Value(real_of(found));
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            break;
    }
    Value value;
    const std::string read =
        type.kind == TypeKind::kTimestamp ? rfc3339(found) : std::string(found);
    if (decode_value(type, {}, read, value) != DecodeStatus::kOk) {
        return unreadable(type, found);
    }
    return value;
}

std::size_t PgRows::column_count() const {
    if (table_) {
        return table_->columns.size();
    }
    return result_ ? static_cast<std::size_t>(libpq_->nfields(result_.get())) : 0;
}

std::string PgRows::column_name(std::size_t column) const {
    if (table_) {
        return table_->columns[column].name;
    }
    return libpq_->fname(result_.get(), static_cast<int>(column));
}

PgRows::Type PgRows::column_type(std::size_t column) const {
    if (table_) {
        return table_->columns[column].type;
    }
    const int at = static_cast<int>(column);
    switch (libpq_->ftype(result_.get(), at)) {
        case kBool:
            return {{TypeKind::kBool, 0, 0}, true};
        case kInt2:
        case kInt4:
            return {{TypeKind::kInt32, 0, 0}, true};
        case kInt8:
        case kOid:
            return {{TypeKind::kInt64, 0, 0}, true};
        case kFloat4:
        case kFloat8:
            return {{TypeKind::kDouble, 0, 0}, true};
        case kText:
        case kVarchar:
        case kBpchar:
            return {{TypeKind::kString, 0, 0}, true};
        case kDate:
            return {{TypeKind::kDate, 0, 0}, true};
        case kTimestamp:
        case kTimestamptz:
            return {{TypeKind::kTimestamp, 0, 0}, true};
        case kNumeric: {
            const int modifier = libpq_->fmod(result_.get(), at) - kNumericHeader;
            const ColumnType type{TypeKind::kDecimal, modifier >> 16, modifier & 0x7ff};
            const bool fits = modifier > 0 && type.precision <= kDecimalPrecisionMax &&
                              type.scale <= type.precision;
            return fits ? Type{type, true} : Type{{}, false};
        }
        default:
            return {{}, false};
    }
}

std::int64_t PgRows::rows_changed() const {
    if (table_) {
        return table_->rows_changed;
    }
    return result_ ? std::strtoll(libpq_->cmd_tuples(result_.get()), nullptr, 10) : 0;
}

std::string_view PgRows::command() const {
    if (table_) {
        return table_->command;
    }
    return result_ ? libpq_->cmd_status(result_.get()) : "";
}

// --- texts ---------------------------------------------------------------------------------------

std::string postgres_text(const ColumnType& type, const Value& value) {
    if (const auto* real = std::get_if<double>(&value); real != nullptr && !std::isfinite(*real)) {
        return std::isnan(*real) ? "NaN" : *real < 0 ? "-Infinity" : "Infinity";
    }
    return value_text(type, value);
}

std::string postgres_type(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return "integer";
        case TypeKind::kInt64:
            return "bigint";
        case TypeKind::kDecimal:
            return fmt::format("numeric({},{})", type.precision, type.scale);
        case TypeKind::kDouble:
            return "double precision";
        case TypeKind::kBool:
            return "boolean";
        case TypeKind::kString:
            return "text";
        case TypeKind::kDate:
            return "date";
        case TypeKind::kTimestamp:
            return "timestamp";
    }
    return {};
}

std::string postgres_literal(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c;
        if (c == '\'') {
            out += c;
        }
    }
    return out + "'";
}

}  // namespace muster
