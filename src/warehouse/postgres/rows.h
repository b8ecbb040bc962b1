// Values on their way to and from PostgreSQL: the parameters of a statement, and the rows of its
// result. Both travel as text, so that any type can be read. Not thread-safe.
#pragma once

#include "core/result.h"
#include "types/type.h"
#include "warehouse/postgres/libpq.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

// The values of $1, $2, ... in this order. Texts are copied.
class PgParams {
  public:
    PgParams& add(std::int64_t value);
    PgParams& add(std::string_view text);  // valid UTF-8 without NUL
    PgParams& add(const std::string& text) { return add(std::string_view(text)); }
    PgParams& add(const char* text) { return add(std::string_view(text)); }
    PgParams& add(double value);
    PgParams& add(bool value);
    PgParams& add_null();
    PgParams& add_blob(std::string_view bytes);
    PgParams& add(const ColumnType& type, const Value& value);

    struct Param {
        bool null = false;
        bool binary = false;
        std::string bytes;
    };
    const std::vector<Param>& list() const { return params_; }

  private:
    std::vector<Param> params_;
};

// The type of a column in a result; `known` is false for a type without a counterpart, which reads
// as string.
struct PgColumnType {
    ColumnType type;
    bool known = false;
};

// A result that did not come over libpq, its values as texts.
struct PgTable {
    struct Column {
        std::string name;
        PgColumnType type;
    };
    std::vector<Column> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;  // nothing = NULL
    std::int64_t rows_changed = 0;
    std::string command;
};

// The rows of a result; before the first next() there is no row. Reads must match the column's
// type; a NULL reads as 0, false or "".
class PgRows {
  public:
    PgRows() = default;
    PgRows(const Libpq& libpq, pg_result* result);
    explicit PgRows(PgTable table);

    // Moves to the next row; false at the end.
    bool next();
    std::int64_t size() const;

    bool is_null(std::size_t column) const;
    std::int64_t int64(std::size_t column) const;
    double real(std::size_t column) const;
    bool boolean(std::size_t column) const;
    // The text of any column as the server writes it; valid as long as the rows.
    std::string_view text(std::size_t column) const;
    std::string blob(std::size_t column) const;  // of a bytea column
    // kInternal if the text is no value of the type, such as the timestamp "infinity".
    Result<Value> value(std::size_t column, const ColumnType& type) const;

    std::size_t column_count() const;
    std::string column_name(std::size_t column) const;
    using Type = PgColumnType;
    Type column_type(std::size_t column) const;
    // Rows that the statement inserted, updated, deleted or returned.
    std::int64_t rows_changed() const;
    // What the server says it did: "COMMIT", "INSERT 0 1".
    std::string_view command() const;

  private:
    struct Clear {
        const Libpq* libpq;
        void operator()(pg_result* result) const { libpq->clear(result); }
    };
    const Libpq* libpq_ = nullptr;
    std::unique_ptr<pg_result, Clear> result_{nullptr, Clear{nullptr}};
    std::unique_ptr<const PgTable> table_;  // instead of result_
    int row_ = -1;
    int rows_ = 0;
};

// A value of this type in the text that PostgreSQL reads.
std::string postgres_text(const ColumnType& type, const Value& value);
// The type's name in SQL: "bigint", "numeric(10,2)", "text".
std::string postgres_type(const ColumnType& type);
// A text that is a string literal in SQL, for what cannot be bound. Requires: no NUL.
std::string postgres_literal(std::string_view text);

}  // namespace muster
