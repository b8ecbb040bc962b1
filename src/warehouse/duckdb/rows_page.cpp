#include "warehouse/duckdb/rows_page.h"

#include "core/check.h"
#include "warehouse/duckdb/rows_job.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// A condition and its parameters in order.
struct Condition {
    std::string sql = "true";
    std::vector<DuckdbValue> params;

    std::string param(const Column& column, const Value& value) {
        params.push_back(make_value(column.type, value));
        return fmt::format("${}", params.size());
    }
};

void add_filters(const Table& table, const RowQuery& query, Condition& condition) {
    for (const RowQuery::Filter& filter : query.filters) {
        const Column& column = table.columns[filter.column];
        const std::string name = sql_identifier(column.name);
        condition.sql += " AND " + name;
        condition.sql += std::holds_alternative<std::monostate>(filter.value)
                             ? std::string(" IS NULL")
                             : " = " + condition.param(column, filter.value);
    }
}

// Rows with a value come before those without; descending is exactly the other way round.
std::string order_sql(const Table& table, const RowQuery& query) {
    std::string sql;
    for (const std::size_t column : order_columns(table, query)) {
        sql += (sql.empty() ? "" : ", ") + sql_identifier(table.columns[column].name) +
               (query.descending ? " DESC NULLS FIRST" : " ASC NULLS LAST");
    }
    return sql;
}

// The rows that stand behind `value` in this column alone.
std::string behind(const Column& column, const Value& value, bool descending, Condition& out) {
    const std::string name = sql_identifier(column.name);
    if (std::holds_alternative<std::monostate>(value)) {
        return descending ? name + " IS NOT NULL" : "false";
    }
    const std::string param = out.param(column, value);
    return descending || !column.nullable ? name + (descending ? " < " : " > ") + param
                                          : fmt::format("({0} > {1} OR {0} IS NULL)", name, param);
}

std::string same(const Column& column, const Value& value, Condition& out) {
    const std::string name = sql_identifier(column.name);
    return std::holds_alternative<std::monostate>(value) ? name + " IS NULL"
                                                         : name + " = " + out.param(column, value);
}

// (a > x) OR (a = x AND b > y) OR ...
void add_after(const Table& table, const RowQuery& query, Condition& condition) {
    if (!query.after) {
        return;
    }
    const std::vector<std::size_t> columns = order_columns(table, query);
    MUSTER_CHECK(query.after->size() == columns.size());
    std::string sql;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        sql += i == 0 ? "(" : " OR (";
        for (std::size_t before = 0; before < i; ++before) {
            sql +=
                same(table.columns[columns[before]], (*query.after)[before], condition) + " AND ";
        }
        sql +=
            behind(table.columns[columns[i]], (*query.after)[i], query.descending, condition) + ")";
    }
    condition.sql += " AND (" + sql + ")";
}

Row read_columns(const Table& table, const QueryResult& rows) {
    Row row;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        row.push_back(read_value(rows, i, table.columns[i].type));
    }
    return row;
}

Result<std::int64_t> single(Result<QueryResult> result) {
    MUSTER_ASSIGN(auto rows, std::move(result));
    MUSTER_ASSIGN(const bool found, rows.next());
    return found ? rows.int64(0) : 0;
}

}  // namespace

Result<RowPage> read_page(KeptConnection& kept, const Table& table, const RowQuery& query) {
    // One snapshot for rows, count and version.
    MUSTER_ASSIGN(const auto transaction, Transaction::open(kept.connection()));
    RowPage page;
    std::vector<DuckdbValue> name;
    name.push_back(make_value(ColumnType{}, table.name.str()));
    MUSTER_ASSIGN(page.table_version, single(run_kept(kept, sql::kTableVersion, name)));
    const std::string from = " FROM " + sql::target(table.name) + " WHERE ";
    if (query.count) {
        Condition all;
        add_filters(table, query, all);
        MUSTER_ASSIGN(page.total,
                      single(run_once(kept, "SELECT count(*)" + from + all.sql, all.params)));
    }
    Condition condition;
    add_filters(table, query, condition);
    add_after(table, query, condition);
    const std::string select = fmt::format("SELECT {}{}{} ORDER BY {} LIMIT {}",
                                           sql::column_list(table),
                                           from,
                                           condition.sql,
                                           order_sql(table, query),
                                           query.limit + 1);
    MUSTER_ASSIGN(auto rows, run_once(kept, select, condition.params));
    for (;;) {
        MUSTER_ASSIGN(const bool found, rows.next());
        if (!found) {
            return page;
        }
        if (page.rows.size() == query.limit) {
            page.more = true;
            return page;
        }
        page.rows.push_back(read_columns(table, rows));
    }
}

Result<std::optional<Row>> read_row(KeptConnection& kept, const Table& table, const Row& key) {
    MUSTER_CHECK(key.size() == table.key.size());
    Condition condition;
    for (std::size_t i = 0; i < key.size(); ++i) {
        condition.sql += " AND " + same(*table.find_column(table.key[i]), key[i], condition);
    }
    MUSTER_ASSIGN(auto rows,
                  run_kept(kept,
                           "SELECT " + sql::column_list(table) + " FROM " +
                               sql::target(table.name) + " WHERE " + condition.sql,
                           condition.params));
    MUSTER_ASSIGN(const bool found, rows.next());
    return found ? std::optional<Row>(read_columns(table, rows)) : std::optional<Row>();
}

}  // namespace muster
