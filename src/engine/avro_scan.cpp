// The table function muster_read_avro(id).
//   1. bind: the id names a registered AvroScan; its table's columns.
//   2. local init: one AvroRows per thread of DuckDB.
//   3. each call hands out up to 2,048 rows of the thread's block; an empty block fetches the next.
// Strings are not copied: DuckDB copies what it keeps before it asks the same thread again.
#include "engine/detail/avro_scan.h"

#include "engine/detail/chunk_target.h"
#include "engine/detail/scan_source.h"

#include <algorithm>
#include <utility>

namespace muster {

namespace {

struct LocalState {
    explicit LocalState(const ArchiveTable& table) : rows(table) {}
    AvroStoredBlock block;
    AvroRows rows;
    bool done = false;
};

void put_field(ChunkTarget& target, std::size_t row, const AvroField& field) {
    if (field.null) {
        return target.put_null(row);
    }
    switch (target.type->kind) {
        case TypeKind::kInt32:
        case TypeKind::kDate:
            return target.put(row, static_cast<std::int32_t>(field.integer));
        case TypeKind::kInt64:
        case TypeKind::kTimestamp:
            return target.put(row, field.integer);
        case TypeKind::kDecimal:
            return target.put_decimal(row, field.unscaled);
        case TypeKind::kDouble:
            return target.put(row, field.real);
        case TypeKind::kBool:
            return target.put(row, static_cast<std::uint8_t>(field.integer));
        case TypeKind::kString:
            return target.put_string(row, field.text);
    }
}

void bind_avro(duckdb_bind_info info) {
    auto* handle = static_cast<Engine::Handle*>(duckdb_bind_get_extra_info(info));
    duckdb_value value = duckdb_bind_get_parameter(info, 0);
    const std::int64_t id = duckdb_get_int64(value);
    duckdb_destroy_value(&value);
    AvroScan* scan = nullptr;
    {
        const std::lock_guard lock(handle->sources_mutex);
        const auto found = handle->avro_scans.find(id);
        scan = found == handle->avro_scans.end() ? nullptr : found->second;
    }
    if (scan == nullptr) {
        duckdb_bind_set_error(info, "muster_read_avro serves muster's own files only");
        return;
    }
    for (const ArchiveColumn& column : scan->table().columns) {
        duckdb_logical_type type = duckdb_type_of(column.type);
        duckdb_bind_add_result_column(info, column.name.c_str(), type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_bind_set_bind_data(info, scan, nullptr);
}

void init_avro(duckdb_init_info info) {
    auto* scan = static_cast<AvroScan*>(duckdb_init_get_bind_data(info));
    duckdb_init_set_max_threads(info, scan->threads());
}

void init_avro_thread(duckdb_init_info info) {
    auto* scan = static_cast<AvroScan*>(duckdb_init_get_bind_data(info));
    duckdb_init_set_init_data(info, new LocalState(scan->table()), [](void* state) {
        delete static_cast<LocalState*>(state);
    });
}

// Rows are there, or the files are at their end: then local.done.
Result<void> find_rows(AvroScan& scan, LocalState& local) {
    while (!local.done && local.rows.rows_left() == 0) {
        MUSTER_ASSIGN(const bool more, scan.next_block(local.block));
        local.done = !more;
        if (more) {
            MUSTER_TRY(local.rows.open(local.block));
        }
    }
    return {};
}

Result<void> put_rows(const ArchiveTable& table, AvroRows& rows, duckdb_data_chunk output) {
    std::vector<ChunkTarget> targets;
    targets.reserve(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        targets.emplace_back(table.columns[i].type, output, i);
    }
    const auto n = std::min<std::uint64_t>(duckdb_vector_size(), rows.rows_left());
    for (std::size_t row = 0; row < n; ++row) {
        MUSTER_ASSIGN(const bool found, rows.next());
        MUSTER_CHECK(found);
        for (std::size_t i = 0; i < targets.size(); ++i) {
            put_field(targets[i], row, rows.fields()[i]);
        }
    }
    duckdb_data_chunk_set_size(output, n);
    return {};
}

void read_avro(duckdb_function_info info, duckdb_data_chunk output) {
    auto* scan = static_cast<AvroScan*>(duckdb_function_get_bind_data(info));
    auto* local = static_cast<LocalState*>(duckdb_function_get_local_init_data(info));
    auto done = find_rows(*scan, *local);
    if (done.ok() && local->done) {
        duckdb_data_chunk_set_size(output, 0);
        return;
    }
    if (done.ok()) {
        done = put_rows(scan->table(), local->rows, output);
    }
    if (!done.ok()) {
        scan->note(done.error());
        duckdb_function_set_error(info, done.error().message.c_str());
    }
}

}  // namespace

AvroScan::AvroScan(Engine::Handle& handle,
                   ArchiveTable table,
                   std::span<ObjectReader* const> readers)
    : handle_(handle),
      table_(std::move(table)),
      readers_(readers.begin(), readers.end()),
      threads_(std::max<std::size_t>(handle.options.threads, 1)) {
    const std::lock_guard lock(handle_.sources_mutex);
    id_ = handle_.source_id_next++;
    handle_.avro_scans[id_] = this;
}

AvroScan::~AvroScan() {
    const std::lock_guard lock(handle_.sources_mutex);
    handle_.avro_scans.erase(id_);
}

std::string AvroScan::sql() const { return "muster_read_avro(" + std::to_string(id_) + ")"; }

Error AvroScan::error_behind(Error failed) {
    const std::lock_guard lock(mutex_);
    return error_ ? *error_ : std::move(failed);
}

void AvroScan::note(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!error_) {
        error_ = error;
    }
}

Result<bool> AvroScan::next_block(AvroStoredBlock& block) {
    const std::lock_guard lock(mutex_);
    for (;;) {
        if (!reader_) {
            if (files_opened_ == readers_.size()) {
                return false;
            }
            ObjectReader& file = *readers_[files_opened_++];
            MUSTER_ASSIGN(reader_,
                          AvroReader::open(table_,
                                           {file.info().key.str(),
                                            file.info().bytes,
                                            [&file](std::uint64_t offset, std::span<char> out) {
                                                return file.read_at(offset, out);
                                            }}));
        }
        MUSTER_ASSIGN(const bool more, reader_->next(block));
        if (more) {
            return true;
        }
        reader_.reset();
    }
}

Result<void> register_read_avro(Connection& connection, Engine::Handle& handle) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "muster_read_avro");
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_table_function_set_extra_info(function, &handle, nullptr);
    duckdb_table_function_set_bind(function, bind_avro);
    duckdb_table_function_set_init(function, init_avro);
    duckdb_table_function_set_local_init(function, init_avro_thread);
    duckdb_table_function_set_function(function, read_avro);
    const bool ok = duckdb_register_table_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_table_function(&function);
    if (!ok) {
        return Error{ErrorCode::kInternal, "DuckDB refuses muster_read_avro", "", ""};
    }
    return {};
}

}  // namespace muster
