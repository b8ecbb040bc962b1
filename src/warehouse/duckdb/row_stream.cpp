#include "warehouse/duckdb/row_stream.h"

#include "warehouse/duckdb/rows_values.h"

namespace muster {

namespace {

constexpr int kHugeintDigits = 38;

}  // namespace

std::optional<ColumnType> column_type_of(duckdb_prepared_statement statement, std::size_t column) {
    switch (static_cast<int>(duckdb_prepared_statement_column_type(statement, column))) {
        case DUCKDB_TYPE_BOOLEAN:
            return ColumnType{TypeKind::kBool, 0, 0};
        case DUCKDB_TYPE_TINYINT:
        case DUCKDB_TYPE_UTINYINT:
        case DUCKDB_TYPE_SMALLINT:
        case DUCKDB_TYPE_USMALLINT:
        case DUCKDB_TYPE_INTEGER:
            return ColumnType{TypeKind::kInt32, 0, 0};
        case DUCKDB_TYPE_UINTEGER:
        case DUCKDB_TYPE_BIGINT:
            return ColumnType{TypeKind::kInt64, 0, 0};
        case DUCKDB_TYPE_HUGEINT:
            return ColumnType{TypeKind::kDecimal, kHugeintDigits, 0};
        case DUCKDB_TYPE_FLOAT:
        case DUCKDB_TYPE_DOUBLE:
            return ColumnType{TypeKind::kDouble, 0, 0};
        case DUCKDB_TYPE_VARCHAR:
            return ColumnType{TypeKind::kString, 0, 0};
        case DUCKDB_TYPE_DATE:
            return ColumnType{TypeKind::kDate, 0, 0};
        case DUCKDB_TYPE_TIMESTAMP:
        case DUCKDB_TYPE_TIMESTAMP_TZ:
            return ColumnType{TypeKind::kTimestamp, 0, 0};
        case DUCKDB_TYPE_DECIMAL: {
            duckdb_logical_type type =
                duckdb_prepared_statement_column_logical_type(statement, column);
            const ColumnType decimal{
                TypeKind::kDecimal, duckdb_decimal_width(type), duckdb_decimal_scale(type)};
            duckdb_destroy_logical_type(&type);
            return decimal;
        }
        default:
            return std::nullopt;
    }
}

DuckdbRowStream::DuckdbRowStream(Connection connection,
                                 Statement statement,
                                 std::vector<ResultColumn> columns)
    : connection_(std::move(connection)),
      statement_(std::move(statement)),
      columns_(std::move(columns)) {}

Result<std::unique_ptr<RowStream>> DuckdbRowStream::open(Connection connection,
                                                         Statement statement,
                                                         std::vector<ResultColumn> columns,
                                                         const CancelToken* cancel) {
    std::unique_ptr<DuckdbRowStream> stream(
        new DuckdbRowStream(std::move(connection), std::move(statement), std::move(columns)));
    stream->guard_.emplace(stream->connection_, cancel);
    MUSTER_TRY(stream->connection_.execute("BEGIN TRANSACTION READ ONLY"));
    MUSTER_ASSIGN(stream->rows_, stream->statement_.stream());
    return std::unique_ptr<RowStream>(std::move(stream));
}

Result<bool> DuckdbRowStream::next(std::vector<Value>& row) {
    MUSTER_ASSIGN(const bool more, rows_.next());
    if (!more) {
        return false;
    }
    row.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        row.push_back(read_value(rows_, i, columns_[i].type));
    }
    return true;
}

}  // namespace muster
