#include "warehouse/postgres/chunk_copy.h"

#include "engine/detail/chunk_columns.h"
#include "warehouse/postgres/copy.h"

namespace muster {

namespace {

// A value that is not NULL. False if no column of a catalog is stored like this.
bool add_cell(PgCopyWriter& writer, const ChunkColumn& column, std::size_t row, int scale) {
    switch (column.kind) {
        case CellKind::kBool:
            writer.add_bool(column.cell<bool>(row));
            return true;
        case CellKind::kInt32:
            writer.add_int32(column.cell<std::int32_t>(row));
            return true;
        case CellKind::kInt64:
            writer.add_int64(column.cell<std::int64_t>(row));
            return true;
        case CellKind::kDate:
            writer.add_date(column.cell<std::int32_t>(row));
            return true;
        case CellKind::kTimestamp:
            writer.add_timestamp(column.cell<std::int64_t>(row));
            return true;
        case CellKind::kDecimal16:
            writer.add_decimal(column.cell<std::int16_t>(row), scale);
            return true;
        case CellKind::kDecimal32:
            writer.add_decimal(column.cell<std::int32_t>(row), scale);
            return true;
        case CellKind::kDecimal64:
            writer.add_decimal(column.cell<std::int64_t>(row), scale);
            return true;
        case CellKind::kDecimal128:
            writer.add_decimal(decimal_cell(column.cell<duckdb_hugeint>(row)), scale);
            return true;
        case CellKind::kDouble:
            writer.add_double(column.cell<double>(row));
            return true;
        case CellKind::kString:
            writer.add_text(string_cell(column.cell<duckdb_string_t>(row)));
            return true;
        case CellKind::kNone:
        case CellKind::kInt8:
        case CellKind::kInt16:
        case CellKind::kUint8:
        case CellKind::kUint16:
        case CellKind::kUint32:
            return false;
    }
    return false;
}

Result<void> add_row(PgCopyWriter& writer,
                     const std::vector<ChunkColumn>& columns,
                     std::size_t row,
                     const std::vector<int>& scales) {
    writer.begin_row();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].null_at(row)) {
            writer.add_null();
        } else if (!add_cell(writer, columns[i], row, scales[i])) {
            return Error{
                ErrorCode::kInternal, "a column of the clean objects has no known type", "", ""};
        }
    }
    return writer.end_row();
}

}  // namespace

Result<std::int64_t> copy_chunks(Connection& engine,
                                 const std::string& select,
                                 PgConnection& connection,
                                 const std::string& target,
                                 const std::vector<int>& scales) {
    MUSTER_ASSIGN(auto statement, engine.prepare(select));
    MUSTER_ASSIGN(auto rows, statement.stream());
    MUSTER_ASSIGN(auto writer, PgCopyWriter::open(connection, target, scales.size()));
    ResultChunk chunk;
    for (;;) {
        MUSTER_ASSIGN(const bool more, chunk.fetch(rows));
        if (!more) {
            return writer.close();
        }
        MUSTER_CHECK(chunk.columns().size() == scales.size());
        for (std::size_t row = 0; row < chunk.rows(); ++row) {
            MUSTER_TRY(add_row(writer, chunk.columns(), row, scales));
        }
    }
}

}  // namespace muster
