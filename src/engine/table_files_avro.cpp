// Parquet to Avro:
//   1. The calling thread takes chunks from a streaming result, whose Parquet DuckDB decodes on its
//      own threads, hashes their rows and encodes them into blocks.
//   2. Full blocks are compressed, decoded again and compared on the threads of an AvroSealer.
//   3. The calling thread writes sealed blocks in order; few are under way, so memory is bounded.
#include "engine/detail/avro_sealer.h"
#include "engine/detail/chunk_columns.h"
#include "engine/detail/parquet_source.h"
#include "engine/table_files.h"

#include <fmt/core.h>

#include <utility>

namespace muster {

namespace {

// The files, one after the other.
class FileWriter {
  public:
    FileWriter(std::string header, std::uint64_t bytes_max, const AvroFileFactory& create)
        : header_(std::move(header)), bytes_max_(bytes_max), create_(create) {}

    Result<void> write(const SealedBlock& block) {
        if (file_ == nullptr) {
            MUSTER_TRY(begin());
        }
        MUSTER_TRY(put(block.bytes));
        files_.back().rows += block.content.rows;
        return files_.back().bytes >= bytes_max_ ? end() : Result<void>();
    }

    // A table without rows is a file without blocks.
    Result<std::vector<AvroFileWritten>> finish() {
        if (files_.empty()) {
            MUSTER_TRY(begin());
        }
        if (file_ != nullptr) {
            MUSTER_TRY(end());
        }
        return std::move(files_);
    }

  private:
    Result<void> begin() {
        MUSTER_ASSIGN(file_, create_(files_.size()));
        files_.emplace_back();
        return put(header_);
    }
    Result<void> put(std::string_view bytes) {
        MUSTER_TRY(file_->write(bytes));
        files_.back().bytes += bytes.size();
        return {};
    }
    Result<void> end() {
        MUSTER_TRY(file_->commit());
        file_.reset();
        return {};
    }

    std::string header_;
    std::uint64_t bytes_max_;
    const AvroFileFactory& create_;
    std::unique_ptr<ObjectWriter> file_;
    std::vector<AvroFileWritten> files_;
};

void add_cell(AvroBlockBuilder& builder, const ChunkColumn& column, std::size_t row) {
    if (column.null_at(row)) {
        return builder.add_null();
    }
    switch (column.kind) {
        case CellKind::kBool:
            return builder.add_bool(column.cell<std::uint8_t>(row) != 0);
        case CellKind::kInt32:
            return builder.add_int64(column.cell<std::int32_t>(row));
        case CellKind::kInt64:
            return builder.add_int64(column.cell<std::int64_t>(row));
        case CellKind::kDate:
            return builder.add_date(column.cell<std::int32_t>(row));
        case CellKind::kTimestamp:
            return builder.add_timestamp(column.cell<std::int64_t>(row));
        case CellKind::kDecimal16:
            return builder.add_decimal(column.cell<std::int16_t>(row));
        case CellKind::kDecimal32:
            return builder.add_decimal(column.cell<std::int32_t>(row));
        case CellKind::kDecimal64:
            return builder.add_decimal(column.cell<std::int64_t>(row));
        case CellKind::kDecimal128:
            return builder.add_decimal(decimal_cell(column.cell<duckdb_hugeint>(row)));
        case CellKind::kDouble:
            return builder.add_double(column.cell<double>(row));
        case CellKind::kString:
            return builder.add_string(string_cell(column.cell<duckdb_string_t>(row)));
        case CellKind::kNone:
        case CellKind::kInt8:
        case CellKind::kInt16:
        case CellKind::kUint8:
        case CellKind::kUint16:
        case CellKind::kUint32:
            MUSTER_CHECK(!"the columns were checked: no table has this type");
    }
}

class Conversion {
  public:
    Conversion(const ArchiveTable& table,
               AvroCodec codec,
               const AvroSync& sync,
               std::size_t threads,
               FileWriter& files,
               const std::function<void(std::uint64_t rows)>& progress)
        : table_(table),
          files_(files),
          progress_(progress),
          pending_max_(2 * threads + 2),
          builder_(table),
          sealer_(table, codec, sync, threads) {}

    Result<void> add(const ResultChunk& chunk) {
        MUSTER_TRY(check_nulls(chunk));
        hashes_.resize(chunk.rows());
        hasher_.hash(chunk.columns(), chunk.rows(), hashes_.data());
        for (std::size_t row = 0; row < chunk.rows(); ++row) {
            for (const ChunkColumn& column : chunk.columns()) {
                add_cell(builder_, column, row);
            }
            MUSTER_TRY(builder_.end_row(hashes_[row]));
            if (builder_.full()) {
                MUSTER_TRY(seal());
            }
        }
        return {};
    }

    Result<FileContent> finish() {
        while (!builder_.empty()) {
            MUSTER_TRY(seal());
        }
        while (sealer_.pending() > 0) {
            MUSTER_TRY(write_oldest());
        }
        return content_;
    }

  private:
    Result<void> seal() {
        AvroBlock block = builder_.take();
        content_.checksum.add(block.content.checksum);
        content_.rows += block.content.rows;
        sealer_.push(std::move(block));
        if (progress_) {
            progress_(content_.rows);
        }
        return sealer_.pending() >= pending_max_ ? write_oldest() : Result<void>();
    }

    Result<void> write_oldest() {
        MUSTER_ASSIGN(const SealedBlock block, sealer_.pop());
        return files_.write(block);
    }

    Result<void> check_nulls(const ResultChunk& chunk) const {
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            if (table_.columns[i].nullable || chunk.columns()[i].validity == nullptr) {
                continue;
            }
            for (std::size_t row = 0; row < chunk.rows(); ++row) {
                if (chunk.columns()[i].null_at(row)) {
                    return Error{ErrorCode::kVerification,
                                 fmt::format("table {}: column {} is NULL, which it must not be",
                                             table_.name,
                                             table_.columns[i].name),
                                 "",
                                 ""};
                }
            }
        }
        return {};
    }

    const ArchiveTable& table_;
    FileWriter& files_;
    const std::function<void(std::uint64_t rows)>& progress_;
    const std::size_t pending_max_;
    AvroBlockBuilder builder_;
    AvroSealer sealer_;
    ChunkHasher hasher_;
    std::vector<Uint128> hashes_;
    FileContent content_;
};

std::string rows_sql(const ArchiveTable& table, const std::vector<std::filesystem::path>& files) {
    std::string columns;
    for (const ArchiveColumn& column : table.columns) {
        columns += (columns.empty() ? "" : ", ") + sql_identifier(column.name);
    }
    return "SELECT " + columns + " FROM " + parquet_source_sql(files);
}

Result<void> convert(Connection& connection,
                     const std::string& sql,
                     Conversion& conversion,
                     const CancelToken* cancel) {
    MUSTER_ASSIGN(auto statement, connection.prepare(sql));
    MUSTER_ASSIGN(auto rows, statement.stream());
    ResultChunk chunk;
    for (;;) {
        auto more = chunk.fetch(rows);
        if (!more.ok()) {
            return parquet_error(std::move(more).error());
        }
        if (!*more) {
            return {};
        }
        if (cancel != nullptr && cancel->cancelled()) {
            return Error{ErrorCode::kCancelled, "writing Avro files: stopped on request", "", ""};
        }
        MUSTER_TRY(conversion.add(chunk));
    }
}

}  // namespace

std::string avro_file_name(std::size_t index) { return fmt::format("data-{:04}.avro", index); }

Result<AvroFilesWritten> parquet_to_avro(Engine& engine,
                                         const ArchiveTable& table,
                                         const std::vector<std::filesystem::path>& files,
                                         const AvroOptions& options,
                                         const AvroFileFactory& create,
                                         const std::function<void(std::uint64_t rows)>& progress,
                                         const CancelToken* cancel) {
    const AvroSync sync = new_avro_sync();
    MUSTER_ASSIGN(std::string header, avro_header(table, options.codec, sync));
    FileWriter writer(std::move(header), options.file_bytes_max, create);
    Conversion conversion(table, options.codec, sync, engine.options().threads, writer, progress);
    if (!files.empty()) {
        MUSTER_ASSIGN(auto connection, engine.handle().connect());
        const InterruptGuard interrupt(connection, cancel);
        MUSTER_TRY(check_parquet_columns(connection, table, files));
        MUSTER_TRY(convert(connection, rows_sql(table, files), conversion, cancel));
    }
    AvroFilesWritten written;
    MUSTER_ASSIGN(written.content, conversion.finish());
    MUSTER_ASSIGN(written.files, writer.finish());
    return written;
}

}  // namespace muster
