#include "engine/detail/parquet_source.h"

#include "core/check.h"
#include "engine/detail/scan_source.h"

#include <fmt/core.h>

#include <utility>

namespace muster {

namespace {

// DuckDB takes names for patterns: what has a meaning there becomes a class of one character.
std::string literal_pattern(const std::string& name) {
    constexpr std::string_view kPatternChars = "*?[";
    std::string pattern;
    for (const char c : name) {
        if (kPatternChars.find(c) != std::string_view::npos) {
            pattern += '[';
            pattern += c;
            pattern += ']';
        } else {
            pattern += c;
        }
    }
    return pattern;
}

bool same_type(duckdb_logical_type found, const ColumnType& type) {
    duckdb_logical_type expected = duckdb_type_of(type);
    bool same = duckdb_get_type_id(found) == duckdb_get_type_id(expected);
    if (same && type.kind == TypeKind::kDecimal) {
        same = duckdb_decimal_width(found) == duckdb_decimal_width(expected) &&
               duckdb_decimal_scale(found) == duckdb_decimal_scale(expected);
    }
    duckdb_destroy_logical_type(&expected);
    return same;
}

Result<void> check_columns(QueryResult& found, const ArchiveTable& table, const std::string& file) {
    const auto fault = [&file](const std::string& what) {
        return Error{ErrorCode::kVerification, file + ": " + what, "", ""};
    };
    if (found.column_count() != table.columns.size()) {
        return fault(fmt::format(
            "{} columns, table {} has {}", found.column_count(), table.name, table.columns.size()));
    }
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const ArchiveColumn& column = table.columns[i];
        if (found.column_name(i) != column.name) {
            return fault(
                fmt::format("column {} is {}, not {}", i + 1, found.column_name(i), column.name));
        }
        duckdb_logical_type type = duckdb_column_logical_type(&found.raw(), i);
        const bool same = same_type(type, column.type);
        duckdb_destroy_logical_type(&type);
        if (!same) {
            return fault(
                fmt::format("column {} is not of type {}", column.name, type_text(column.type)));
        }
    }
    return {};
}

}  // namespace

std::string parquet_names_sql(const std::vector<std::filesystem::path>& files) {
    std::string names;
    for (const std::filesystem::path& file : files) {
        names += (names.empty() ? "" : ", ") + sql_text(literal_pattern(file.string()));
    }
    return "[" + names + "]";
}

std::string parquet_source_sql(const std::vector<std::filesystem::path>& files) {
    MUSTER_CHECK(!files.empty());
    return "read_parquet(" + parquet_names_sql(files) + ", hive_partitioning = false)";
}

Result<void> check_parquet_columns(Connection& connection,
                                   const ArchiveTable& table,
                                   const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) {
        auto found = connection.query("SELECT * FROM " + parquet_source_sql({file}) + " LIMIT 0");
        if (!found.ok()) {
            return parquet_error(std::move(found).error());
        }
        MUSTER_TRY(check_columns(*found, table, file.string()));
    }
    return {};
}

Error parquet_error(Error error) {
    if (error.code == ErrorCode::kInternal) {
        error.code = ErrorCode::kVerification;
    }
    return error;
}

}  // namespace muster
