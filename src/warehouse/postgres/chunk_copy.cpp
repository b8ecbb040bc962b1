#include "warehouse/postgres/chunk_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

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

// Texts of a chunk, which stay where they are until the next one.
class Texts {
  public:
    std::string_view keep(std::string_view text) {
        if (text.size() > blocks_[block_].size() - used_) {
            next_block(text.size());
        }
        char* at = blocks_[block_].data() + used_;
        std::memcpy(at, text.data(), text.size());
        used_ += text.size();
        return {at, text.size()};
    }
    void forget() {
        block_ = 0;
        used_ = 0;
    }

  private:
    static constexpr std::size_t kBlockBytes = 256U << 10;

    void next_block(std::size_t bytes) {
        used_ = 0;
        if (++block_ == blocks_.size()) {
            blocks_.emplace_back();
        }
        if (blocks_[block_].size() < bytes) {
            blocks_[block_].resize(std::max(bytes, kBlockBytes));
        }
    }

    std::vector<std::vector<char>> blocks_{std::vector<char>(kBlockBytes)};
    std::size_t block_ = 0;
    std::size_t used_ = 0;
};

Result<void> put_field(ChunkTarget& target,
                       std::size_t row,
                       const PgCopyReader& copy,
                       std::size_t column,
                       Texts& texts) {
    switch (target.type->kind) {
        case TypeKind::kInt32:
            target.put(row, static_cast<std::int32_t>(copy.int64(column)));
            break;
        case TypeKind::kInt64:
            target.put(row, copy.int64(column));
            break;
        case TypeKind::kDecimal: {
            MUSTER_ASSIGN(const Int128 number, copy.decimal(column, target.type->scale));
            target.put_decimal(row, number);
            break;
        }
        case TypeKind::kDouble:
            target.put(row, copy.real(column));
            break;
        case TypeKind::kBool:
            target.put(row, static_cast<std::uint8_t>(copy.boolean(column)));
            break;
        case TypeKind::kString:
            target.put_string(row, texts.keep(copy.text(column)));
            break;
        case TypeKind::kDate: {
            MUSTER_ASSIGN(const std::int32_t days, copy.date(column));
            target.put(row, days);
            break;
        }
        case TypeKind::kTimestamp: {
            MUSTER_ASSIGN(const std::int64_t microseconds, copy.timestamp(column));
            target.put(row, microseconds);
            break;
        }
    }
    return {};
}

Result<void> hash_field(RowHasher& hasher,
                        const ColumnType& type,
                        const PgCopyReader& copy,
                        std::size_t column) {
    if (copy.is_null(column)) {
        hasher.add_null();
        return {};
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            hasher.add_int64(copy.int64(column));
            break;
        case TypeKind::kDecimal: {
            MUSTER_ASSIGN(const Int128 number, copy.decimal(column, type.scale));
            hasher.add_decimal(number);
            break;
        }
        case TypeKind::kDouble:
            hasher.add_double(copy.real(column));
            break;
        case TypeKind::kBool:
            hasher.add_bool(copy.boolean(column));
            break;
        case TypeKind::kString:
            hasher.add_string(copy.text(column));
            break;
        case TypeKind::kDate: {
            MUSTER_ASSIGN(const std::int32_t days, copy.date(column));
            hasher.add_int64(days);
            break;
        }
        case TypeKind::kTimestamp: {
            MUSTER_ASSIGN(const std::int64_t microseconds, copy.timestamp(column));
            hasher.add_int64(microseconds);
            break;
        }
    }
    return {};
}

// A value that cannot be kept, and where it stands.
Error misfit_in(const Table& table, std::size_t column, Error error) {
    error.message = fmt::format(
        "table {}, column {}: {}", table.name.str(), table.columns[column].name, error.message);
    return error;
}

}  // namespace

Result<void> add_chunk(PgCopyWriter& writer,
                       const ResultChunk& chunk,
                       const std::vector<int>& scales) {
    MUSTER_CHECK(chunk.columns().size() == scales.size());
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
        MUSTER_TRY(add_row(writer, chunk.columns(), row, scales));
    }
    return {};
}

ChunkSource chunks_of_copy(PgCopyReader& copy, const Table& table) {
    return [&copy, &table, texts = std::make_shared<Texts>()](
               std::span<ChunkTarget> targets, std::size_t rows_max) -> Result<std::size_t> {
        MUSTER_CHECK(targets.size() == table.columns.size());
        texts->forget();
        for (std::size_t row = 0; row < rows_max; ++row) {
            MUSTER_ASSIGN(const bool more, copy.next());
            if (!more) {
                return row;
            }
            for (std::size_t i = 0; i < targets.size(); ++i) {
                if (copy.is_null(i)) {
                    targets[i].put_null(row);
                } else if (auto put = put_field(targets[i], row, copy, i, *texts); !put.ok()) {
                    return misfit_in(table, i, std::move(put).error());
                }
            }
        }
        return rows_max;
    };
}

Result<FileContent> content_of_copy(PgCopyReader& copy, const Table& table) {
    FileContent content;
    RowHasher hasher;
    for (;;) {
        MUSTER_ASSIGN(const bool more, copy.next());
        if (!more) {
            return content;
        }
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (auto hashed = hash_field(hasher, table.columns[i].type, copy, i); !hashed.ok()) {
                return misfit_in(table, i, std::move(hashed).error());
            }
        }
        content.checksum.add(hasher.finish());
        ++content.rows;
    }
}

std::vector<int> scales_of(const Table& table) {
    std::vector<int> scales;
    for (const Column& column : table.columns) {
        scales.push_back(column.type.scale);
    }
    return scales;
}

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
        MUSTER_TRY(add_chunk(writer, chunk, scales));
    }
}

}  // namespace muster
