// A request's rows, judged field by field with the rules of a file's record:
//   1. simdjson finds the structure and checks the encoding; every value is visited, so that all of
//      the body is proven to be JSON.
//   2. A value becomes the text that a file would hold: a string as it is, a number by its digits.
//   3. check_field cleans, decodes and judges that text.
#include "validate/json_rows.h"

#include "core/limits.h"
#include "core/text.h"
#include "validate/detail/field_check.h"
#include "validate/detail/json_number.h"
#include "validate/detail/messages.h"
#include "validate/detail/table_plan.h"

#include <simdjson.h>

#include <memory>
#include <optional>
#include <set>

namespace muster {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

Error no_json(const std::string& place, std::string_view why) {
    return Error{.code = ErrorCode::kUsage,
                 .message = "the body is no valid JSON" + place + ": " + std::string(why),
                 .hint = "send one object, or an array of objects",
                 .detail = ""};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view json_rule(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return "must be a JSON number";
        case TypeKind::kBool:
            return "must be true or false";
        case TypeKind::kString:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return "must be a JSON string";
    }
    return "must be of its type";
}

bool fits(TypeKind kind, json_type type) {
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
            return type == json_type::number;
        case TypeKind::kBool:
            return type == json_type::boolean;
        case TypeKind::kString:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return type == json_type::string;
    }
    return false;
}

Value value_of(TypeKind kind, const FieldValue& field) {
    if (field.null) {
        return std::monostate{};
    }
    switch (kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return field.integer;
        case TypeKind::kDecimal:
            return field.wide;
        case TypeKind::kDouble:
            return field.real;
        case TypeKind::kBool:
            return field.integer != 0;
        case TypeKind::kString:
            return std::string(field.text);
    }
    return std::monostate{};
}

// One JSON value: what it is and its text. A string's text has its escapes resolved.
struct Scalar {
    json_type type = json_type::null;
    std::string_view text;
};

// Judges the fields of one object against the columns.
class RowJudge {
  public:
    RowJudge(const TablePlan& plan, JsonRow& row) : plan_(plan), row_(row) {
        by_column_.resize(plan.columns.size());
        row_.values.resize(plan.columns.size());
    }

    // False if the name was there before.
    bool take(std::string_view name, const Scalar& value) {
        if (!names_.insert(name).second) {
            return false;
        }
        nul_ = nul_ ||
               (value.type == json_type::string && value.text.find('\0') != std::string_view::npos);
        const Column* column = plan_.table.find_column(name);
        if (column == nullptr) {
            unknown_.push_back(name);
        } else {
            by_column_[plan_.table.column_index(name)] = value;
        }
        return true;
    }

    void judge() {
        if (nul_) {  // as in a file, this leaves out all other rules
            row_.reasons.push_back(record_reason(RejectCode::kRecordNulByte, 0, 0, 0));
            return;
        }
        for (std::size_t i = 0; i < by_column_.size(); ++i) {
            judge_column(i);
        }
        for (const std::string_view name : unknown_) {
            refuse_unknown(name);
        }
    }

  private:
    void refuse(RejectCode code, std::size_t i, std::string_view value, std::string_view rule) {
        row_.reasons.push_back(value_reason(code, i, plan_.table.columns[i], value, rule));
    }

    void judge_column(std::size_t i) {
        const std::optional<Scalar>& value = by_column_[i];
        const bool null_allowed = plan_.columns[i].nullable && plan_.table.api_allow_null;
        if (!value || value->type == json_type::null) {
            if (!null_allowed) {
                refuse(RejectCode::kValueMissing, i, "", "is missing");
            }
            return;
        }
        const TypeKind kind = plan_.columns[i].kind;
        if (!fits(kind, value->type)) {
            refuse(RejectCode::kValueWrongType, i, value->text, json_rule(kind));
            return;
        }
        std::string_view text = value->text;
        std::string plain;
        if (value->type == json_type::number && kind != TypeKind::kDouble) {
            const bool whole = kind != TypeKind::kDecimal;
            if (auto digits = plain_number(text, whole); digits) {
                plain = *std::move(digits);
                text = plain;
            } else {
                refuse(RejectCode::kValueOutOfRange,
                       i,
                       text,
                       type_range_rule(plan_.table.columns[i].type));
                return;
            }
        }
        FieldValue field;
        const std::size_t before = row_.reasons.size();
        check_field(plan_, i, text, field, &row_.reasons);
        if (field.null && !null_allowed && row_.reasons.size() == before) {
            refuse(RejectCode::kValueMissing, i, text, "is missing");
        }
        row_.values[i] = value_of(kind, field);
    }

    void refuse_unknown(std::string_view name) {
        std::vector<std::string> known;
        for (const Column& column : plan_.table.columns) {
            known.push_back(column.name);
        }
        Reason reason;
        reason.code = RejectCode::kValueUnknownField;
        reason.value = utf8_prefix(name, kReasonValueBytesMax);
        reason.message =
            "the table has no column " + quoted_value(name) + did_you_mean(name, known);
        row_.reasons.push_back(std::move(reason));
    }

    const TablePlan& plan_;
    JsonRow& row_;
    std::set<std::string_view> names_;
    std::vector<std::string_view> unknown_;
    std::vector<std::optional<Scalar>> by_column_;
    bool nul_ = false;
};

// Reads one body. Texts point into it or into the parser.
class BodyReader {
  public:
    BodyReader(const TablePlan& plan, std::string_view body) : plan_(plan), json_(body) {}

    Result<JsonRows> run() {
        if (const auto failed = parser_.iterate(json_).get(document_)) {
            return no_json("", simdjson::error_message(failed));
        }
        json_type type{};
        if (const auto failed = document_.type().get(type)) {
            return no_json("", simdjson::error_message(failed));
        }
        if (type == json_type::array) {
            rows_.array = true;
            MUSTER_TRY(read_array());
        } else if (type == json_type::object) {
            ondemand::object object;
            const auto failed = document_.get_object().get(object);
            const std::string_view all(json_.data(), json_.size());
            MUSTER_TRY(failed ? failure(failed) : read_row(object, all, 1));
        } else {
            return no_json("", "it is neither an object nor an array");
        }
        if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
            return no_json("", "something follows its end");
        }
        return std::move(rows_);
    }

  private:
    // " at row 3", for messages.
    std::string place() const {
        return rows_.array ? " at row " + std::to_string(rows_.rows.size()) : "";
    }
    Error failure(simdjson::error_code code) const {
        return no_json(place(), simdjson::error_message(code));
    }
    Error failure(std::string_view why) const { return no_json(place(), why); }

    Result<void> read_array() {
        ondemand::array array;
        if (const auto failed = document_.get_array().get(array)) {
            return failure(failed);
        }
        for (auto element : array) {
            ondemand::value value;
            if (const auto failed = element.get(value)) {
                return failure(failed);
            }
            const std::string_view from = text_from(value.raw_json_token().data());
            ondemand::object object;
            if (const auto failed = value.get_object().get(object)) {
                return failed == simdjson::INCORRECT_TYPE ? failure("it is no object")
                                                          : failure(failed);
            }
            MUSTER_TRY(read_row(object, from, 2));
        }
        return {};
    }

    std::string_view text_from(const char* begin) const {
        return {begin, static_cast<std::size_t>(json_.data() + json_.size() - begin)};
    }

    // The part of `from` that was read.
    std::string_view text_until_here(std::string_view from) {
        const char* here = nullptr;
        if (document_.current_location().get(here) == simdjson::SUCCESS) {
            from = from.substr(0, static_cast<std::size_t>(here - from.data()));
        }
        return trimmed(from);
    }

    Result<void> read_row(ondemand::object& object, std::string_view from, std::size_t depth) {
        JsonRow row;
        RowJudge judge(plan_, row);
        const auto take = [&judge](std::string_view name, const Scalar& value) {
            return judge.take(name, value);
        };
        MUSTER_TRY(read_fields(object, depth, take));
        judge.judge();
        row.text = text_until_here(from);
        rows_.rows.push_back(std::move(row));
        return {};
    }

    template <typename Take>
    Result<void> read_fields(ondemand::object& object, std::size_t depth, const Take& take) {
        for (auto entry : object) {
            ondemand::field field;
            if (const auto failed = std::move(entry).get(field)) {
                return failure(failed);
            }
            std::string_view name;
            if (const auto failed = field.unescaped_key().get(name)) {
                return failure(failed);
            }
            if (!valid_utf8(name)) {
                return failure("a name holds half of a surrogate pair");
            }
            MUSTER_ASSIGN(const Scalar value, read_value(field.value(), depth));
            if (!take(name, value)) {
                return failure("the name " + quoted_value(name) + " stands twice in one object");
            }
        }
        return {};
    }

    Result<Scalar> read_value(ondemand::value value, std::size_t depth) {
        Scalar scalar;
        if (const auto failed = value.type().get(scalar.type)) {
            return failure(failed);
        }
        const std::string_view token = value.raw_json_token();
        if (scalar.type == json_type::object || scalar.type == json_type::array) {
            MUSTER_TRY(skip_nested(value, scalar.type, depth + 1));
            scalar.text = text_until_here(text_from(token.data()));
            return scalar;
        }
        scalar.text = trimmed(token);
        if (scalar.type == json_type::string) {
            if (const auto failed = value.get_string().get(scalar.text)) {
                return failure(failed);
            }
            if (!valid_utf8(scalar.text)) {
                return failure("a string holds half of a surrogate pair");
            }
            return scalar;
        }
        const bool good =
            scalar.type == json_type::number
                ? is_json_number(scalar.text)
                : scalar.text == "true" || scalar.text == "false" || scalar.text == "null";
        if (!good) {
            return failure(quoted_value(scalar.text) + " is no value");
        }
        return scalar;
    }

    // No column takes an object or an array, but it must be JSON all the same.
    Result<void> skip_nested(ondemand::value value, json_type type, std::size_t depth) {
        if (depth > kJsonDepthMax) {
            return failure("it is nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
        }
        if (type == json_type::object) {
            ondemand::object object;
            if (const auto failed = value.get_object().get(object)) {
                return failure(failed);
            }
            std::set<std::string, std::less<>> names;
            return read_fields(object, depth, [&names](std::string_view name, const Scalar&) {
                return names.emplace(name).second;
            });
        }
        ondemand::array array;
        if (const auto failed = value.get_array().get(array)) {
            return failure(failed);
        }
        for (auto element : array) {
            ondemand::value inner;
            if (const auto failed = element.get(inner)) {
                return failure(failed);
            }
            MUSTER_ASSIGN([[maybe_unused]] const Scalar seen, read_value(inner, depth));
        }
        return {};
    }

    const TablePlan& plan_;
    simdjson::padded_string json_;
    ondemand::parser parser_;
    ondemand::document document_;
    JsonRows rows_;
};

}  // namespace

Result<JsonRows> judge_json_rows(const Table& table, std::string_view body) {
    MUSTER_ASSIGN(const std::shared_ptr<const TablePlan> plan, make_table_plan(table));
    if (trimmed(body).empty()) {
        return no_json("", "it is empty");
    }
    return BodyReader(*plan, body).run();
}

}  // namespace muster
