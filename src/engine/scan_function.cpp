// The table function muster_scan(id).
//   1. bind: the id names a registered ScanSource; its columns, then _position BIGINT (and
//   _refused).
//   2. local init: one ScanBlock per thread of DuckDB.
//   3. each call hands out up to 2,048 rows of the thread's block; an empty block fetches the next.
// Strings are not copied: DuckDB copies what it keeps before it asks the same thread again.
#include "core/limits.h"
#include "engine/detail/avro_scan.h"
#include "engine/detail/content_functions.h"
#include "engine/detail/duckdb_handle.h"
#include "engine/detail/row_scan.h"
#include "engine/detail/scan_source.h"
#include "validate/reject.h"

#include <algorithm>
#include <cstring>

namespace muster {

namespace {

constexpr std::size_t kInlinedBytesMax = 12;

struct LocalState {
    ScanBlock block;
    std::size_t row = 0;
    bool done = false;
};

void fail(duckdb_function_info info, ScanSource& source, Error error) {
    duckdb_function_set_error(info, error.message.c_str());
    const std::lock_guard lock(source.mutex);
    if (!source.error) {
        source.error = std::move(error);
    }
}

void bind_scan(duckdb_bind_info info) {
    auto* handle = static_cast<Engine::Handle*>(duckdb_bind_get_extra_info(info));
    duckdb_value value = duckdb_bind_get_parameter(info, 0);
    const std::int64_t id = duckdb_get_int64(value);
    duckdb_destroy_value(&value);
    ScanSource* source = nullptr;
    {
        const std::lock_guard lock(handle->sources_mutex);
        const auto found = handle->sources.find(id);
        source = found == handle->sources.end() ? nullptr : found->second;
    }
    if (source == nullptr) {
        duckdb_bind_set_error(info, "muster_scan serves muster's own scans only");
        return;
    }
    const auto add = [info](const std::string& name, duckdb_logical_type type) {
        duckdb_bind_add_result_column(info, name.c_str(), type);
        duckdb_destroy_logical_type(&type);
    };
    for (const Column& column : source->table->columns) {
        add(column.name, duckdb_type_of(column.type));
    }
    add("_position", duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
    if (source->with_refused) {
        add("_refused", duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN));
    }
    duckdb_bind_set_bind_data(info, source, nullptr);
}

void init_scan(duckdb_init_info info) {
    auto* source = static_cast<ScanSource*>(duckdb_init_get_bind_data(info));
    duckdb_init_set_max_threads(info, source->threads);
}

void init_scan_thread(duckdb_init_info info) {
    duckdb_init_set_init_data(
        info, new LocalState, [](void* state) { delete static_cast<LocalState*>(state); });
}

void put_validity(duckdb_vector vector, const ColumnData& column, std::size_t from, std::size_t n) {
    if (!column.has_null) {
        return;
    }
    duckdb_vector_ensure_validity_writable(vector);
    std::uint64_t* mask = duckdb_vector_get_validity(vector);
    const std::uint8_t* valid = column.valid.data() + from;
    for (std::size_t word = 0; word * 64 < n; ++word) {
        const std::size_t rows = std::min<std::size_t>(64, n - word * 64);
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            bits |= static_cast<std::uint64_t>(valid[word * 64 + i]) << i;
        }
        mask[word] = bits;
    }
}

void put_strings(duckdb_vector vector, const ColumnData& column, std::size_t from, std::size_t n) {
    auto* out = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
    const StringRef* in = column.as<StringRef>() + from;
    const std::uint8_t* valid = column.has_null ? column.valid.data() + from : nullptr;
    for (std::size_t i = 0; i < n; ++i) {
        duckdb_string_t& to = out[i];
        const std::uint32_t bytes = valid != nullptr && valid[i] == 0 ? 0 : in[i].bytes;
        if (bytes <= kInlinedBytesMax) {
            to = duckdb_string_t{};
            to.value.inlined.length = bytes;
            if (bytes != 0) {
                std::memcpy(to.value.inlined.inlined, in[i].data, bytes);
            }
        } else {
            to.value.pointer.length = bytes;
            std::memcpy(to.value.pointer.prefix, in[i].data, sizeof to.value.pointer.prefix);
            to.value.pointer.ptr = const_cast<char*>(in[i].data);
        }
    }
}

// DECIMAL of up to 4 digits is stored as 16 bits and up to 9 as 32 bits.
template <typename To>
void put_narrow(duckdb_vector vector, const ColumnData& column, std::size_t from, std::size_t n) {
    auto* out = static_cast<To*>(duckdb_vector_get_data(vector));
    const std::int64_t* in = column.as<std::int64_t>() + from;
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<To>(in[i]);
    }
}

void put_column(duckdb_vector vector, const ColumnData& column, std::size_t from, std::size_t n) {
    put_validity(vector, column, from, n);
    const ColumnType& type = column.type;
    if (type.kind == TypeKind::kString) {
        put_strings(vector, column, from, n);
    } else if (type.kind == TypeKind::kDecimal && type.precision <= 4) {
        put_narrow<std::int16_t>(vector, column, from, n);
    } else if (type.kind == TypeKind::kDecimal && type.precision <= 9) {
        put_narrow<std::int32_t>(vector, column, from, n);
    } else {
        std::memcpy(duckdb_vector_get_data(vector),
                    column.values.data() + from * column.width_bytes,
                    n * column.width_bytes);
    }
}

void put_rows(duckdb_data_chunk output, const ScanSource& source, LocalState& local) {
    const ScanBlock& block = local.block;
    const std::size_t n = std::min<std::size_t>(duckdb_vector_size(), block.rows - local.row);
    idx_t at = 0;
    for (const ColumnData& column : block.columns) {
        put_column(duckdb_data_chunk_get_vector(output, at++), column, local.row, n);
    }
    auto* position = static_cast<std::int64_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, at++)));
    const std::uint64_t base = source.ordinal << kPositionOffsetBits;
    for (std::size_t i = 0; i < n; ++i) {
        position[i] = static_cast<std::int64_t>(base | block.offsets[local.row + i]);
    }
    if (source.with_refused) {
        void* refused = duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, at));
        if (block.refused.empty()) {
            std::memset(refused, 0, n);
        } else {
            std::memcpy(refused, block.refused.data() + local.row, n);
        }
    }
    local.row += n;
    duckdb_data_chunk_set_size(output, n);
}

void scan_rows(duckdb_function_info info, duckdb_data_chunk output) {
    auto* source = static_cast<ScanSource*>(duckdb_function_get_bind_data(info));
    auto* local = static_cast<LocalState*>(duckdb_function_get_local_init_data(info));
    while (!local->done && local->row >= local->block.rows) {
        Result<bool> more = source->scan->next_block(local->block);
        if (!more.ok()) {
            fail(info, *source, std::move(more).error());
            return;
        }
        local->row = 0;
        local->done = !*more;
        if (local->done) {
            break;
        }
        source->rows_emitted += static_cast<std::int64_t>(local->block.rows);
        if (source->block_done) {
            source->block_done();
        }
    }
    if (local->done) {
        duckdb_data_chunk_set_size(output, 0);
        return;
    }
    put_rows(output, *source, *local);
}

template <typename T>
const T* column_of(duckdb_data_chunk chunk, idx_t at) {
    return static_cast<const T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, at)));
}

// muster_keep(id, position, refused, failed): whether the row is clean; tells the source of rows
// whose checks failed.
void keep_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
    auto* handle = static_cast<Engine::Handle*>(duckdb_scalar_function_get_extra_info(info));
    const idx_t n = duckdb_data_chunk_get_size(input);
    if (n == 0) {
        return;
    }
    const auto* ids = column_of<std::int64_t>(input, 0);
    const auto* positions = column_of<std::int64_t>(input, 1);
    const auto* refused = column_of<std::uint8_t>(input, 2);
    const auto* failed = column_of<std::int64_t>(input, 3);
    ScanSource* source = nullptr;
    {
        const std::lock_guard lock(handle->sources_mutex);
        const auto found = handle->sources.find(ids[0]);
        source = found == handle->sources.end() ? nullptr : found->second;
    }
    if (source == nullptr || !source->check_failed) {
        duckdb_scalar_function_set_error(info, "muster_keep serves muster's own scans only");
        return;
    }
    auto* keep = static_cast<std::uint8_t*>(duckdb_vector_get_data(output));
    constexpr std::int64_t kOffsetMask = (std::int64_t{1} << kPositionOffsetBits) - 1;
    for (idx_t i = 0; i < n; ++i) {
        keep[i] = refused[i] == 0 && failed[i] == 0 ? 1 : 0;
        if (failed[i] == 0) {
            continue;
        }
        const std::lock_guard lock(source->mutex);
        if (auto told = source->check_failed(positions[i] & kOffsetMask, failed[i]); !told.ok()) {
            duckdb_scalar_function_set_error(info, told.error().message.c_str());
            source->error = std::move(told).error();
            return;
        }
    }
}

std::string_view string_at(const duckdb_string_t* strings, idx_t row) {
    auto* string = const_cast<duckdb_string_t*>(strings + row);
    return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
}

// muster_reject_id(table, raw_hash, occurrence).
void reject_ids(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
    const auto* tables = column_of<duckdb_string_t>(input, 0);
    const auto* hashes = column_of<duckdb_string_t>(input, 1);
    const auto* occurrences = column_of<std::int64_t>(input, 2);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
        const std::string id = reject_id_text(
            string_at(tables, i), string_at(hashes, i), static_cast<std::uint64_t>(occurrences[i]));
        duckdb_vector_assign_string_element_len(output, i, id.data(), id.size());
    }
}

using ScalarCallback = void (*)(duckdb_function_info, duckdb_data_chunk, duckdb_vector);

bool register_scalar(Connection& connection,
                     Engine::Handle& handle,
                     const char* name,
                     std::initializer_list<duckdb_type> parameters,
                     duckdb_type returns,
                     ScalarCallback callback,
                     bool with_effect) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name);
    for (const duckdb_type parameter : parameters) {
        duckdb_logical_type type = duckdb_create_logical_type(parameter);
        duckdb_scalar_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type type = duckdb_create_logical_type(returns);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_scalar_function_set_extra_info(function, &handle, nullptr);
    duckdb_scalar_function_set_function(function, callback);
    if (with_effect) {
        duckdb_scalar_function_set_volatile(function);
    }
    const bool ok = duckdb_register_scalar_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_scalar_function(&function);
    return ok;
}

bool register_scan(Connection& connection, Engine::Handle& handle) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "muster_scan");
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_table_function_set_extra_info(function, &handle, nullptr);
    duckdb_table_function_set_bind(function, bind_scan);
    duckdb_table_function_set_init(function, init_scan);
    duckdb_table_function_set_local_init(function, init_scan_thread);
    duckdb_table_function_set_function(function, scan_rows);
    const bool ok = duckdb_register_table_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_table_function(&function);
    return ok;
}

}  // namespace

Result<void> register_functions(Engine::Handle& handle) {
    MUSTER_ASSIGN(auto connection, handle.connect());
    const auto big = DUCKDB_TYPE_BIGINT;
    const auto text = DUCKDB_TYPE_VARCHAR;
    const auto truth = DUCKDB_TYPE_BOOLEAN;
    if (!register_scan(connection, handle) ||
        !register_scalar(
            connection, handle, "muster_keep", {big, big, truth, big}, truth, keep_rows, true) ||
        !register_scalar(
            connection, handle, "muster_reject_id", {text, text, big}, text, reject_ids, false)) {
        return Error{ErrorCode::kInternal, "DuckDB refuses muster's functions", "", ""};
    }
    MUSTER_TRY(register_content_functions(connection));
    MUSTER_TRY(register_read_avro(connection, handle));
    return register_read_rows(connection, handle);
}

ScanRegistration::ScanRegistration(Engine::Handle& handle, ScanSource& source) : handle_(handle) {
    const std::lock_guard lock(handle_.sources_mutex);
    id_ = handle_.source_id_next++;
    handle_.sources[id_] = &source;
}

ScanRegistration::~ScanRegistration() {
    const std::lock_guard lock(handle_.sources_mutex);
    handle_.sources.erase(id_);
}

duckdb_logical_type duckdb_type_of(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
        case TypeKind::kInt64:
            return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
        case TypeKind::kDecimal:
            return duckdb_create_decimal_type(static_cast<std::uint8_t>(type.precision),
                                              static_cast<std::uint8_t>(type.scale));
        case TypeKind::kDouble:
            return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
        case TypeKind::kBool:
            return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
        case TypeKind::kString:
            return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
        case TypeKind::kDate:
            return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
        case TypeKind::kTimestamp:
            return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    }
    return nullptr;
}

std::string sql_type(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return "INTEGER";
        case TypeKind::kInt64:
            return "BIGINT";
        case TypeKind::kDecimal:
            return "DECIMAL(" + std::to_string(type.precision) + "," + std::to_string(type.scale) +
                   ")";
        case TypeKind::kDouble:
            return "DOUBLE";
        case TypeKind::kBool:
            return "BOOLEAN";
        case TypeKind::kString:
            return "VARCHAR";
        case TypeKind::kDate:
            return "DATE";
        case TypeKind::kTimestamp:
            return "TIMESTAMP";
    }
    return "VARCHAR";
}

}  // namespace muster
