#include "validate/detail/table_plan.h"

#include "validate/scan.h"

#include <re2/re2.h>

#include <algorithm>
#include <limits>

namespace muster {
namespace {

// Code points of a text are at least a quarter of its bytes and at most all of them.
void plan_lengths(const Column& column, ColumnPlan& plan) {
    const std::size_t min_length = column.min_length.value_or(0);
    plan.safe_bytes_min = min_length <= 1 ? 1 : 4 * min_length;
    plan.safe_bytes_max =
        std::min<std::size_t>(column.max_length.value_or(std::numeric_limits<std::uint32_t>::max()),
                              std::numeric_limits<std::uint32_t>::max());
}

std::int64_t integer_or(const std::optional<Value>& bound, std::int64_t otherwise) {
    if (!bound.has_value()) {
        return otherwise;
    }
    const auto* value = std::get_if<std::int64_t>(&*bound);
    return value == nullptr ? otherwise : *value;
}

void plan_integer_bounds(const Column& column, ColumnPlan& plan) {
    plan.low = std::numeric_limits<std::int64_t>::min();
    plan.high = std::numeric_limits<std::int64_t>::max();
    if (column.type.kind == TypeKind::kInt32) {
        plan.low = std::numeric_limits<std::int32_t>::min();
        plan.high = std::numeric_limits<std::int32_t>::max();
    }
    plan.low = std::max(plan.low, integer_or(column.min, plan.low));
    plan.high = std::min(plan.high, integer_or(column.max, plan.high));
}

FieldOp field_op(const Column& column) {
    if (!column.one_of.empty() || !column.pattern.empty()) {
        return FieldOp::kGeneral;
    }
    switch (column.type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return FieldOp::kInteger;
        case TypeKind::kTimestamp:
            return column.formats.empty() ? FieldOp::kTimestamp : FieldOp::kGeneral;
        case TypeKind::kString: {
            const bool plain = !column.min.has_value() && !column.max.has_value();
            return plain ? FieldOp::kString : FieldOp::kGeneral;
        }
        case TypeKind::kDecimal:
        case TypeKind::kDouble:
        case TypeKind::kBool:
        case TypeKind::kDate:
            return FieldOp::kGeneral;
    }
    return FieldOp::kGeneral;
}

Result<ColumnPlan> plan_column(const Column& column) {
    ColumnPlan plan;
    plan.op = field_op(column);
    plan.kind = column.type.kind;
    plan.nullable = column.nullable;
    plan.width_bytes = column_width_bytes(column.type);
    plan.column = &column;
    plan_integer_bounds(column, plan);
    plan_lengths(column, plan);
    if (!column.pattern.empty()) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        plan.pattern = std::make_unique<re2::RE2>(column.pattern, options);
        if (!plan.pattern->ok()) {
            return Error{.code = ErrorCode::kUsage,
                         .message = "the pattern of column " + column.name +
                                    " cannot be read: " + plan.pattern->error(),
                         .hint = "write it in the syntax of RE2",
                         .detail = ""};
        }
    }
    return plan;
}

// Keys of several columns, or of types without a total order here, are not watched.
void plan_key(TablePlan& plan) {
    if (plan.table.key.size() != 1) {
        return;
    }
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
        if (plan.table.columns[i].name != plan.table.key.front()) {
            continue;
        }
        const TypeKind kind = plan.columns[i].kind;
        const bool watched =
            kind != TypeKind::kDecimal && kind != TypeKind::kDouble && kind != TypeKind::kBool;
        plan.key_column = watched ? static_cast<int>(i) : -1;
        plan.key_is_text = kind == TypeKind::kString;
    }
}

}  // namespace

ColumnPlan::ColumnPlan() = default;
ColumnPlan::~ColumnPlan() = default;
ColumnPlan::ColumnPlan(ColumnPlan&&) noexcept = default;
ColumnPlan& ColumnPlan::operator=(ColumnPlan&&) noexcept = default;

std::size_t column_width_bytes(const ColumnType& type) {
    constexpr int kPrecisionOfInt64 = 18;
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kDate:
            return sizeof(std::int32_t);
        case TypeKind::kInt64:
        case TypeKind::kTimestamp:
            return sizeof(std::int64_t);
        case TypeKind::kDecimal:
            return type.precision <= kPrecisionOfInt64 ? sizeof(std::int64_t) : sizeof(Int128);
        case TypeKind::kDouble:
            return sizeof(double);
        case TypeKind::kBool:
            return sizeof(std::uint8_t);
        case TypeKind::kString:
            return sizeof(StringRef);
    }
    return sizeof(std::int64_t);
}

Result<std::shared_ptr<const TablePlan>> make_table_plan(const Table& table) {
    const auto is_line_end = [](char c) { return c == '\n' || c == '\r'; };
    if (table.columns.empty() || is_line_end(table.delimiter) || is_line_end(table.quote) ||
        table.delimiter == table.quote) {
        return Error{.code = ErrorCode::kUsage,
                     .message = "table " + table.name.str() +
                                " needs columns, and a delimiter and a quote that differ",
                     .hint = "",
                     .detail = ""};
    }
    auto plan = std::make_shared<TablePlan>();
    plan->table = table;
    plan->split = SplitRules::of(plan->table);
    plan->structural = {table.delimiter, plan->split.quoting ? table.quote : '\n'};
    for (const Column& column : plan->table.columns) {
        MUSTER_ASSIGN(ColumnPlan column_plan, plan_column(column));
        plan->columns.push_back(std::move(column_plan));
    }
    for (const std::string& text : table.null_values) {
        plan->null_lengths |= 1ULL << std::min<std::size_t>(text.size(), 63);
    }
    plan_key(*plan);
    return std::shared_ptr<const TablePlan>(std::move(plan));
}

}  // namespace muster
