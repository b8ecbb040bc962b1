#include "engine/detail/content_functions.h"

#include "engine/detail/chunk_columns.h"

#include <cstring>

namespace muster {

namespace {

void row_hashes(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
    const idx_t column_count = duckdb_data_chunk_get_column_count(input);
    std::vector<ChunkColumn> columns;
    columns.reserve(column_count);
    for (idx_t i = 0; i < column_count; ++i) {
        columns.push_back(chunk_column(duckdb_data_chunk_get_vector(input, i)));
        if (columns.back().kind == CellKind::kNone) {
            const std::string message = "muster_row_hash: argument " + std::to_string(i + 1) +
                                        " has a type that no table has";
            duckdb_scalar_function_set_error(info, message.c_str());
            return;
        }
    }
    const std::size_t rows = duckdb_data_chunk_get_size(input);
    // A duckdb_uhugeint is a Uint128 in memory.
    static_assert(sizeof(duckdb_uhugeint) == sizeof(Uint128));
    std::vector<Uint128> hashes(rows);
    ChunkHasher().hash(columns, rows, hashes.data());
    if (rows != 0) {
        std::memcpy(duckdb_vector_get_data(output), hashes.data(), rows * sizeof(Uint128));
    }
}

// The state of a sum. DuckDB aligns it to 8 bytes only.
struct SumState {
    std::uint64_t low;
    std::uint64_t high;

    void add(std::uint64_t low_part, std::uint64_t high_part) {
        const Uint128 sum = (static_cast<Uint128>(high) << 64U | low) +
                            (static_cast<Uint128>(high_part) << 64U | low_part);
        low = static_cast<std::uint64_t>(sum);
        high = static_cast<std::uint64_t>(sum >> 64U);
    }
};

SumState& sum_state(duckdb_aggregate_state state) { return *reinterpret_cast<SumState*>(state); }

idx_t sum_state_bytes(duckdb_function_info) { return sizeof(SumState); }

void sum_begin(duckdb_function_info, duckdb_aggregate_state state) { sum_state(state) = {0, 0}; }

void sum_update(duckdb_function_info, duckdb_data_chunk input, duckdb_aggregate_state* states) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
    const auto* cells = static_cast<const duckdb_uhugeint*>(duckdb_vector_get_data(vector));
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t i = 0; i < rows; ++i) {
        if (validity == nullptr || duckdb_validity_row_is_valid(validity, i)) {
            sum_state(states[i]).add(cells[i].lower, cells[i].upper);
        }
    }
}

void sum_combine(duckdb_function_info,
                 duckdb_aggregate_state* sources,
                 duckdb_aggregate_state* targets,
                 idx_t count) {
    for (idx_t i = 0; i < count; ++i) {
        const SumState& source = sum_state(sources[i]);
        sum_state(targets[i]).add(source.low, source.high);
    }
}

void sum_end(duckdb_function_info,
             duckdb_aggregate_state* states,
             duckdb_vector result,
             idx_t count,
             idx_t offset) {
    auto* cells = static_cast<duckdb_uhugeint*>(duckdb_vector_get_data(result));
    for (idx_t i = 0; i < count; ++i) {
        const SumState& state = sum_state(states[i]);
        cells[offset + i] = {state.low, state.high};
    }
}

bool register_row_hash(Connection& connection) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, "muster_row_hash");
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_scalar_function_set_varargs(function, any);
    duckdb_destroy_logical_type(&any);
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_UHUGEINT);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_function(function, row_hashes);
    const bool ok = duckdb_register_scalar_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_scalar_function(&function);
    return ok;
}

bool register_sum(Connection& connection) {
    duckdb_aggregate_function function = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(function, "muster_sum");
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_UHUGEINT);
    duckdb_aggregate_function_add_parameter(function, type);
    duckdb_aggregate_function_set_return_type(function, type);
    duckdb_destroy_logical_type(&type);
    duckdb_aggregate_function_set_functions(
        function, sum_state_bytes, sum_begin, sum_update, sum_combine, sum_end);
    const bool ok = duckdb_register_aggregate_function(connection.raw(), function) != DuckDBError;
    duckdb_destroy_aggregate_function(&function);
    return ok;
}

}  // namespace

Result<void> register_content_functions(Connection& connection) {
    if (!register_row_hash(connection) || !register_sum(connection)) {
        return Error{
            ErrorCode::kInternal, "DuckDB refuses the functions of the content checksum", "", ""};
    }
    return {};
}

std::string content_select_list(const ArchiveTable& table) {
    std::string arguments;
    for (const ArchiveColumn& column : table.columns) {
        arguments += (arguments.empty() ? "" : ", ") + sql_identifier(column.name);
    }
    return "muster_sum(muster_row_hash(" + arguments + ")), count(*)";
}

Result<FileContent> read_content(QueryResult& rows, std::size_t column) {
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found || rows.is_null(column) || rows.is_null(column + 1)) {
        return Error{
            ErrorCode::kInternal, "a content checksum was asked for and not given", "", ""};
    }
    duckdb_uhugeint sum{};
    std::memcpy(&sum, rows.cell(column), sizeof sum);
    FileContent content;
    content.checksum.sum = static_cast<Uint128>(sum.upper) << 64U | sum.lower;
    content.rows = static_cast<std::uint64_t>(rows.int64(column + 1));
    return content;
}

}  // namespace muster
