#include "engine/detail/row_scan.h"

#include "core/check.h"
#include "engine/detail/parquet_source.h"
#include "engine/detail/scan_source.h"

#include <memory>
#include <utility>

namespace muster {
namespace {

void put_value(ChunkTarget& target, std::size_t row, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return target.put_null(row);
    }
    switch (target.type->kind) {
        case TypeKind::kInt32:
        case TypeKind::kDate:
            return target.put(row, static_cast<std::int32_t>(std::get<std::int64_t>(value)));
        case TypeKind::kInt64:
        case TypeKind::kTimestamp:
            return target.put(row, std::get<std::int64_t>(value));
        case TypeKind::kDecimal:
            return target.put_decimal(row, std::get<Int128>(value));
        case TypeKind::kDouble:
            return target.put(row, std::get<double>(value));
        case TypeKind::kBool:
            return target.put(row, static_cast<std::uint8_t>(std::get<bool>(value)));
        case TypeKind::kString:
            return target.put_string(row, std::get<std::string>(value));
    }
}

void bind_rows(duckdb_bind_info info) {
    auto* handle = static_cast<Engine::Handle*>(duckdb_bind_get_extra_info(info));
    duckdb_value value = duckdb_bind_get_parameter(info, 0);
    const std::int64_t id = duckdb_get_int64(value);
    duckdb_destroy_value(&value);
    RowScan* scan = nullptr;
    {
        const std::lock_guard lock(handle->sources_mutex);
        const auto found = handle->row_scans.find(id);
        scan = found == handle->row_scans.end() ? nullptr : found->second;
    }
    if (scan == nullptr) {
        duckdb_bind_set_error(info, "muster_read_rows serves muster's own rows only");
        return;
    }
    for (const ArchiveColumn& column : scan->table().columns) {
        duckdb_logical_type type = duckdb_type_of(column.type);
        duckdb_bind_add_result_column(info, column.name.c_str(), type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_bind_set_bind_data(info, scan, nullptr);
}

void init_rows(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

void read_rows(duckdb_function_info info, duckdb_data_chunk output) {
    auto* scan = static_cast<RowScan*>(duckdb_function_get_bind_data(info));
    const auto filled = scan->fill(output);
    if (!filled.ok()) {
        scan->note(filled.error());
        duckdb_function_set_error(info, filled.error().message.c_str());
        return;
    }
    duckdb_data_chunk_set_size(output, *filled);
}

}  // namespace

ChunkSource chunks_of(RowSource next) {
    struct State {
        std::vector<std::vector<Value>>
            rows;  // of the chunk that was handed out: it points to them
        bool ended = false;
    };
    return [next = std::move(next), state = std::make_shared<State>()](
               std::span<ChunkTarget> targets, std::size_t rows_max) -> Result<std::size_t> {
        state->rows.resize(rows_max);
        for (std::size_t filled = 0; filled < rows_max; ++filled) {
            std::vector<Value>& row = state->rows[filled];
            if (!state->ended) {
                MUSTER_ASSIGN(const bool more, next(row));
                state->ended = !more;
            }
            if (state->ended) {
                return filled;
            }
            MUSTER_CHECK(row.size() == targets.size());
            for (std::size_t i = 0; i < targets.size(); ++i) {
                put_value(targets[i], filled, row[i]);
            }
        }
        return rows_max;
    };
}

RowScan::RowScan(Engine::Handle& handle, ArchiveTable table, ChunkSource next)
    : handle_(handle),
      table_(std::move(table)),
      next_(std::move(next)),
      hashes_(duckdb_vector_size()) {
    const std::lock_guard lock(handle_.sources_mutex);
    id_ = handle_.source_id_next++;
    handle_.row_scans[id_] = this;
}

RowScan::~RowScan() {
    const std::lock_guard lock(handle_.sources_mutex);
    handle_.row_scans.erase(id_);
}

std::string RowScan::sql() const { return "muster_read_rows(" + std::to_string(id_) + ")"; }

Error RowScan::error_behind(const Error& failed) const { return error_ ? *error_ : failed; }

Result<std::size_t> RowScan::fill(duckdb_data_chunk output) {
    std::vector<ChunkTarget> targets;
    targets.reserve(table_.columns.size());
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        targets.emplace_back(table_.columns[i].type, output, i);
    }
    MUSTER_ASSIGN(const std::size_t filled, next_(targets, hashes_.size()));
    if (filled == 0) {
        return filled;
    }
    std::vector<ChunkColumn> columns;
    columns.reserve(targets.size());
    for (const ChunkTarget& target : targets) {
        columns.push_back(chunk_column(target.vector));
    }
    hasher_.hash(columns, filled, hashes_.data());
    for (std::size_t row = 0; row < filled; ++row) {
        content_.checksum.add(hashes_[row]);
    }
    content_.rows += filled;
    return filled;
}

void add_value(RowHasher& hasher, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        hasher.add_null();
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        hasher.add_int64(*integer);
    } else if (const auto* unscaled = std::get_if<Int128>(&value)) {
        hasher.add_decimal(*unscaled);
    } else if (const auto* real = std::get_if<double>(&value)) {
        hasher.add_double(*real);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        hasher.add_bool(*flag);
    } else {
        hasher.add_string(std::get<std::string>(value));
    }
}

Result<void> register_read_rows(Connection& connection, Engine::Handle& handle) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "muster_read_rows");
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_table_function_set_extra_info(function, &handle, nullptr);
    duckdb_table_function_set_bind(function, bind_rows);
    duckdb_table_function_set_init(function, init_rows);
    duckdb_table_function_set_function(function, read_rows);
    const bool ok = duckdb_register_table_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_table_function(&function);
    if (!ok) {
        return Error{ErrorCode::kInternal, "DuckDB refuses muster_read_rows", "", ""};
    }
    return {};
}

// --- write_parquet -------------------------------------------------------------------------------

Result<FileContent> write_parquet(Engine& engine,
                                  const ArchiveTable& table,
                                  const RowSource& next,
                                  const std::filesystem::path& file,
                                  const CancelToken* cancel) {
    return write_parquet_chunks(engine, table, chunks_of(next), file, cancel);
}

Result<FileContent> write_parquet_chunks(Engine& engine,
                                         const ArchiveTable& table,
                                         ChunkSource next,
                                         const std::filesystem::path& file,
                                         const CancelToken* cancel) {
    MUSTER_ASSIGN(auto connection, engine.handle().connect());
    const InterruptGuard guard(connection, cancel);
    RowScan scan(engine.handle(), table, std::move(next));
    const auto written = connection.scalar("COPY (FROM " + scan.sql() + ") TO " +
                                           sql_text(file.string()) + kParquetOptions);
    if (!written.ok()) {
        return scan.error_behind(written.error());
    }
    if (*written != static_cast<std::int64_t>(scan.content().rows)) {
        return Error{ErrorCode::kInternal,
                     "table " + table.name + " has " + std::to_string(scan.content().rows) +
                         " rows, but " + std::to_string(*written) + " were saved",
                     "nothing was kept; please report this",
                     ""};
    }
    return scan.content();
}

}  // namespace muster
