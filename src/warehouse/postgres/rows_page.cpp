#include "warehouse/postgres/rows_page.h"

#include "core/check.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

// A condition and its parameters in order.
struct Condition {
    explicit Condition(const PageDialect& of) : dialect(of) {}

    const PageDialect& dialect;
    std::string sql = "1 = 1";
    PgParams params;

    std::string param(const Column& column, const Value& value) {
        params.add(column.type, value);
        return fmt::format("CAST(${} AS {})", params.list().size(), dialect.type_name(column.type));
    }
};

std::string same(const Column& column, const Value& value, Condition& out) {
    const std::string name = sql::identifier(column.name);
    return std::holds_alternative<std::monostate>(value) ? name + " IS NULL"
                                                         : name + " = " + out.param(column, value);
}

void add_filters(const Table& table, const RowQuery& query, Condition& condition) {
    for (const RowQuery::Filter& filter : query.filters) {
        condition.sql += " AND " + same(table.columns[filter.column], filter.value, condition);
    }
}

// The rows of a table that stand behind the one that was read last. Rows with a value come before
// those without; descending is exactly the other way round.
class Behind {
  public:
    Behind(const Table& table, const RowQuery& query, Condition& condition)
        : table_(table),
          query_(query),
          condition_(condition),
          columns_(order_columns(table, query)) {
        MUSTER_CHECK(query.after->size() == columns_.size());
    }

    // Where no column can be NULL, one comparison of whole rows, which an index answers.
    std::string sql() {
        const bool plain = std::none_of(columns_.begin(), columns_.end(), [this](std::size_t at) {
            return table_.columns[at].nullable;
        });
        return plain && condition_.dialect.compares_rows ? compared() : nested(0);
    }

  private:
    // (a, b) > (x, y)
    std::string compared() {
        std::string names;
        std::string values;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column& column = table_.columns[columns_[i]];
            names += (i == 0 ? "" : ", ") + sql::identifier(column.name);
            values += (i == 0 ? "" : ", ") + condition_.param(column, (*query_.after)[i]);
        }
        return fmt::format("({}) {} ({})", names, query_.descending ? "<" : ">", values);
    }

    // (a > x OR (a = x AND (b > y OR ...)))
    std::string nested(std::size_t at) {
        const Column& column = table_.columns[columns_[at]];
        const Value& value = (*query_.after)[at];
        std::string here = strictly(column, value);
        if (at + 1 == columns_.size()) {
            return here;
        }
        const std::string equal = same(column, value, condition_);
        return fmt::format("({} OR ({} AND {}))", here, equal, nested(at + 1));
    }

    std::string strictly(const Column& column, const Value& value) {
        const std::string name = sql::identifier(column.name);
        if (std::holds_alternative<std::monostate>(value)) {
            return query_.descending ? name + " IS NOT NULL" : "1 = 0";
        }
        const std::string param = condition_.param(column, value);
        if (query_.descending || !column.nullable) {
            return name + (query_.descending ? " < " : " > ") + param;
        }
        return fmt::format("({0} > {1} OR {0} IS NULL)", name, param);
    }

    const Table& table_;
    const RowQuery& query_;
    Condition& condition_;
    const std::vector<std::size_t> columns_;
};

std::string order_sql(const Table& table, const RowQuery& query) {
    std::string sql;
    for (const std::size_t column : order_columns(table, query)) {
        sql += (sql.empty() ? "" : ", ") + sql::identifier(table.columns[column].name) +
               (query.descending ? " DESC NULLS FIRST" : " ASC NULLS LAST");
    }
    return sql;
}

Result<void> read_rows(PgConnection& connection,
                       const Table& table,
                       const RowQuery& query,
                       const PageDialect& dialect,
                       RowPage& page) {
    Condition condition(dialect);
    add_filters(table, query, condition);
    if (query.after) {
        condition.sql += " AND " + Behind(table, query, condition).sql();
    }
    MUSTER_ASSIGN(auto rows,
                  connection.run(fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}",
                                             sql::column_list(table),
                                             sql::identifier(table.name.str()),
                                             condition.sql,
                                             order_sql(table, query),
                                             query.limit + 1),
                                 condition.params));
    while (rows.next()) {
        if (page.rows.size() == query.limit) {
            page.more = true;
            return {};
        }
        MUSTER_ASSIGN(Row row, read_row(table, rows));
        page.rows.push_back(std::move(row));
    }
    return {};
}

}  // namespace

const PageDialect& postgres_pages() {
    static constexpr PageDialect kDialect{
        .type_name = postgres_type, .compares_rows = true, .open_snapshot = open_snapshot};
    return kDialect;
}

Result<RowPage> read_page(PgConnection& connection,
                          const Table& table,
                          const RowQuery& query,
                          const PageDialect& dialect) {
    MUSTER_ASSIGN(auto transaction, dialect.open_snapshot(connection, table.name.str()));
    RowPage page;
    MUSTER_ASSIGN(page.table_version, connection.scalar(pg_sql::kVersionSelect, table.name.str()));
    if (query.count) {
        Condition all(dialect);
        add_filters(table, query, all);
        MUSTER_ASSIGN(auto rows,
                      connection.run(fmt::format("SELECT count(*) FROM {} WHERE {}",
                                                 sql::identifier(table.name.str()),
                                                 all.sql),
                                     all.params));
        MUSTER_CHECK(rows.next());
        page.total = rows.int64(0);
    }
    MUSTER_TRY(read_rows(connection, table, query, dialect, page));
    MUSTER_TRY(transaction.commit());
    return page;
}

Result<std::optional<Row>> read_row(PgConnection& connection,
                                    const Table& table,
                                    const Row& key,
                                    const PageDialect& dialect) {
    MUSTER_CHECK(key.size() == table.key.size());
    Condition condition(dialect);
    for (std::size_t i = 0; i < key.size(); ++i) {
        condition.sql += " AND " + same(*table.find_column(table.key[i]), key[i], condition);
    }
    MUSTER_ASSIGN(auto rows,
                  connection.run(fmt::format("SELECT {} FROM {} WHERE {}",
                                             sql::column_list(table),
                                             sql::identifier(table.name.str()),
                                             condition.sql),
                                 condition.params));
    if (!rows.next()) {
        return std::optional<Row>();
    }
    MUSTER_ASSIGN(Row row, read_row(table, rows));
    return std::optional(std::move(row));
}

}  // namespace muster
