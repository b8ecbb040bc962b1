#include "warehouse/duckdb/row_checks.h"

#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/rows_job.h"

#include <fmt/format.h>

namespace muster {
namespace {

constexpr ColumnType kBig{TypeKind::kInt64, 0, 0};

std::string check_bits_sql(const Table& table) {
    std::string bits;
    for (std::size_t i = 0; i < table.checks.size(); ++i) {
        bits += fmt::format(
            "{}CASE WHEN coalesce(TRY(coalesce(CAST(({}\n) AS BOOLEAN), true)), false)"
            " THEN 0::BIGINT ELSE {}::BIGINT END",
            i == 0 ? "" : " | ",
            table.checks[i].sql,
            std::int64_t{1} << i);
    }
    return bits;
}

}  // namespace

std::string unnest_sql(std::size_t param, const Column& column) {
    return fmt::format(
        "unnest(${}::{}[]) AS {}", param, sql_type(column.type), sql_identifier(column.name));
}

std::vector<DuckdbValue> column_lists(const Table& table,
                                      const std::vector<const Row*>& rows,
                                      const std::vector<std::size_t>& columns) {
    std::vector<DuckdbValue> lists;
    std::vector<const Value*> values(rows.size());
    for (const std::size_t column : columns) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            values[i] = &(*rows[i])[column];
        }
        lists.push_back(make_list(table.columns[column].type, values));
    }
    return lists;
}

Result<std::vector<std::int64_t>> failed_row_checks(KeptConnection& kept,
                                                    const Table& table,
                                                    const std::vector<const Row*>& rows) {
    std::string columns;
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        columns += ", " + unnest_sql(i + 2, table.columns[i]);
        indexes.push_back(i);
    }
    std::vector<Value> numbers;
    numbers.reserve(rows.size());
    std::vector<const Value*> number_list;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        numbers.emplace_back(static_cast<std::int64_t>(i));
        number_list.push_back(&numbers.back());
    }
    std::vector<DuckdbValue> params;
    params.push_back(make_list(kBig, number_list));
    for (DuckdbValue& list : column_lists(table, rows, indexes)) {
        params.push_back(std::move(list));
    }
    MUSTER_ASSIGN(auto found,
                  run_kept(kept,
                           "SELECT _muster_row, " + check_bits_sql(table) +
                               " FROM (SELECT unnest($1::BIGINT[]) AS _muster_row" + columns + ")",
                           params));
    std::vector<std::int64_t> failed(rows.size());
    for (;;) {
        MUSTER_ASSIGN(const bool more, found.next());
        if (!more) {
            return failed;
        }
        failed[static_cast<std::size_t>(found.int64(0))] = found.int64(1);
    }
}

Result<std::vector<std::int64_t>> failed_row_checks(Engine& engine,
                                                    const Table& table,
                                                    const std::vector<const Row*>& rows) {
    if (table.checks.empty()) {
        return std::vector<std::int64_t>(rows.size());
    }
    MUSTER_ASSIGN(Connection connection, engine.handle().connect());
    KeptConnection kept(std::move(connection));
    return failed_row_checks(kept, table, rows);
}

}  // namespace muster
