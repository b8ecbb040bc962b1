#include "validate/detail/field_check.h"

#include "types/decode.h"
#include "validate/detail/messages.h"

#include <re2/re2.h>

#include <algorithm>

namespace muster {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
    }
    return count;
}

DecodeStatus decode(const Column& column, std::string_view text, FieldValue& value) {
    switch (column.type.kind) {
        case TypeKind::kInt32: {
            std::int32_t narrow = 0;
            const DecodeStatus status = decode_int32(text, narrow);
            value.integer = narrow;
            return status;
        }
        case TypeKind::kInt64:
            return decode_int64(text, value.integer);
        case TypeKind::kDecimal: {
            const DecodeStatus status =
                decode_decimal(text, column.type.precision, column.type.scale, value.wide);
            value.integer = static_cast<std::int64_t>(value.wide);
            return status;
        }
        case TypeKind::kDouble:
            return decode_double(text, value.real);
        case TypeKind::kBool: {
            bool flag = false;
            const DecodeStatus status = decode_bool(text, flag);
            value.integer = flag ? 1 : 0;
            return status;
        }
        case TypeKind::kString:
            return DecodeStatus::kOk;
        case TypeKind::kDate: {
            std::int32_t days = 0;
            const DecodeStatus status = decode_date(text, days);
            value.integer = days;
            return status;
        }
        case TypeKind::kTimestamp:
            return decode_timestamp(text, column.formats, value.integer);
    }
    return DecodeStatus::kMalformed;
}

template <typename T>
int three_way(const T& left, const T& right) {
    return left < right ? -1 : (right < left ? 1 : 0);
}

// The order of a decoded value and a value of the catalog, which is of the column's type.
int compare(TypeKind kind, const FieldValue& left, const Value& right) {
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return three_way(left.integer, std::get<std::int64_t>(right));
        case TypeKind::kDecimal:
            return three_way(left.wide, std::get<Int128>(right));
        case TypeKind::kDouble:
            return three_way(left.real, std::get<double>(right));
        case TypeKind::kBool:
            return three_way(left.integer, std::int64_t{std::get<bool>(right) ? 1 : 0});
        case TypeKind::kString:
            return three_way(left.text, std::string_view(std::get<std::string>(right)));
    }
    return 0;
}

// Applies the rules of one column to one decoded value.
class RuleCheck {
  public:
    RuleCheck(const ColumnPlan& plan,
              std::size_t index,
              const FieldValue& value,
              std::vector<Reason>* reasons)
        : plan_(plan), column_(*plan.column), index_(index), value_(value), reasons_(reasons) {}

    bool run() {
        check_bounds();
        if (plan_.kind == TypeKind::kString) {
            check_lengths();
            check_pattern();
        }
        check_one_of();
        return clean_;
    }

  private:
    // Renders the rule only if somebody wants to read it.
    template <typename Rule>
    void violated(RejectCode code, const Rule& rule) {
        clean_ = false;
        if (reasons_ != nullptr) {
            reasons_->push_back(value_reason(code, index_, column_, value_.text, rule()));
        }
    }

    bool done() const { return !clean_ && reasons_ == nullptr; }

    void check_bounds() {
        if (column_.min.has_value() && compare(plan_.kind, value_, *column_.min) < 0) {
            violated(RejectCode::kValueOutOfRange,
                     [&] { return "must be at least " + value_text(column_.type, *column_.min); });
        }
        if (column_.max.has_value() && compare(plan_.kind, value_, *column_.max) > 0) {
            violated(RejectCode::kValueOutOfRange,
                     [&] { return "must be at most " + value_text(column_.type, *column_.max); });
        }
    }

    void check_lengths() {
        if (!column_.min_length.has_value() && !column_.max_length.has_value()) {
            return;
        }
        const std::size_t length = code_points(value_.text);
        const auto characters = [](std::size_t count) {
            return std::to_string(count) + (count == 1 ? " character" : " characters");
        };
        if (length < column_.min_length.value_or(0)) {
            violated(RejectCode::kValueTooShort, [&] {
                return "must have at least " + characters(*column_.min_length) + " and has " +
                       std::to_string(length);
            });
        }
        if (column_.max_length.has_value() && length > *column_.max_length) {
            violated(RejectCode::kValueTooLong, [&] {
                return "must have at most " + characters(*column_.max_length) + " and has " +
                       std::to_string(length);
            });
        }
    }

    void check_pattern() {
        if (plan_.pattern == nullptr || done()) {
            return;
        }
        const re2::StringPiece text(value_.text.data(), value_.text.size());
        if (!re2::RE2::FullMatch(text, *plan_.pattern)) {
            violated(RejectCode::kValuePattern,
                     [&] { return "must match the pattern " + column_.pattern; });
        }
    }

    void check_one_of() {
        if (column_.one_of.empty() || done()) {
            return;
        }
        for (const Value& allowed : column_.one_of) {
            if (compare(plan_.kind, value_, allowed) == 0) {
                return;
            }
        }
        violated(RejectCode::kValueNotAllowed, [&] {
            constexpr std::size_t kShownMax = 10;
            std::string rule = "must be one of ";
            const std::size_t shown = std::min(column_.one_of.size(), kShownMax);
            for (std::size_t i = 0; i < shown; ++i) {
                rule.append(i == 0 ? "" : ", ");
                rule.append(quoted_value(value_text(column_.type, column_.one_of[i])));
            }
            return shown < column_.one_of.size() ? rule + ", ..." : rule;
        });
    }

    const ColumnPlan& plan_;
    const Column& column_;
    std::size_t index_;
    const FieldValue& value_;
    std::vector<Reason>* reasons_;
    bool clean_ = true;
};

bool is_null_text(const TablePlan& plan, std::string_view text) {
    if (!plan.maybe_null_text(text.size())) {
        return false;
    }
    const auto& texts = plan.table.null_values;
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

FieldVerdict check_field(const TablePlan& plan,
                         std::size_t column,
                         std::string_view text,
                         FieldValue& value,
                         std::vector<Reason>* reasons) {
    const ColumnPlan& column_plan = plan.columns[column];
    const Column& rules = *column_plan.column;
    if (plan.table.trim) {
        text = trim_blanks(text);
    }
    value.text = text;
    const bool kept_empty = rules.keep_empty && column_plan.kind == TypeKind::kString;
    value.null = is_null_text(plan, text) || (text.empty() && !kept_empty);
    if (value.null) {
        if (rules.nullable) {
            return FieldVerdict::kClean;
        }
        if (reasons != nullptr) {
            reasons->push_back(
                value_reason(RejectCode::kValueMissing, column, rules, text, "is missing"));
        }
        return FieldVerdict::kRefused;
    }
    const DecodeStatus status = decode(rules, text, value);
    if (status != DecodeStatus::kOk) {
        if (reasons != nullptr) {
            const bool malformed = status == DecodeStatus::kMalformed;
            reasons->push_back(malformed ? value_reason(type_code(column_plan.kind),
                                                        column,
                                                        rules,
                                                        text,
                                                        type_rule(column_plan.kind))
                                         : value_reason(RejectCode::kValueOutOfRange,
                                                        column,
                                                        rules,
                                                        text,
                                                        type_range_rule(rules.type)));
        }
        return FieldVerdict::kUndecoded;
    }
    const bool clean = RuleCheck(column_plan, column, value, reasons).run();
    return clean ? FieldVerdict::kClean : FieldVerdict::kRefused;
}

}  // namespace muster
