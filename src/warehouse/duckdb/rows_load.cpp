// What the database knows of a group's rows. The table is probed by the batch: the other way round
// costs a scan of the whole table for a single row.
#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/rows_job.h"
#include "warehouse/duckdb/sql.h"
#include "warehouse/duckdb/state_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

constexpr ColumnType kText{TypeKind::kString, 0, 0};
constexpr ColumnType kBig{TypeKind::kInt64, 0, 0};
constexpr const char* kReferenceKey =
    "SELECT schema_json ->> '$.key[0]' FROM muster.tables WHERE name = $1";

// unnest($1::BIGINT[]) AS "id": column `column` of the batch.
std::string unnest_sql(std::size_t param, const Column& column) {
    return fmt::format(
        "unnest(${}::{}[]) AS {}", param, sql_type(column.type), sql_identifier(column.name));
}

std::vector<DuckdbValue> one(DuckdbValue value) {
    std::vector<DuckdbValue> values;
    values.push_back(std::move(value));
    return values;
}

Result<QueryResult> run_bound(Statement& statement, const std::vector<DuckdbValue>& params) {
    for (std::size_t i = 0; i < params.size(); ++i) {
        MUSTER_TRY(bind_value(statement, i + 1, params[i]));
    }
    return statement.run();
}

}  // namespace

Result<QueryResult> run_kept(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params) {
    MUSTER_ASSIGN(Statement * statement, kept.prepared(sql));
    return run_bound(*statement, params);
}

Result<QueryResult> run_once(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params) {
    MUSTER_ASSIGN(Statement statement, kept.connection().prepare(sql));
    return run_bound(statement, params);
}

std::vector<DuckdbValue> RowsJob::column_lists(const std::vector<std::size_t>& columns) const {
    std::vector<DuckdbValue> lists;
    std::vector<const Value*> values(all_rows_.size());
    for (const std::size_t column : columns) {
        for (std::size_t i = 0; i < all_rows_.size(); ++i) {
            values[i] = &(*all_rows_[i])[column];
        }
        lists.push_back(make_list(table_.columns[column].type, values));
    }
    return lists;
}

Result<void> RowsJob::load_answers() {
    for (const RowWrite* request : group_) {
        if (!request->idempotency) {
            continue;
        }
        const IdempotencyKey& key = *request->idempotency;
        std::vector<DuckdbValue> params;
        params.push_back(make_value(kText, key.scope));
        params.push_back(make_value(kText, key.key));
        params.push_back(make_value(kBig, now_us_));
        MUSTER_ASSIGN(auto rows, run(sql::kAnswerSelect, params));
        MUSTER_ASSIGN(const bool found, rows.next());
        if (found) {
            answers_[{key.scope, key.key}] = {std::string(rows.text(0)),
                                              {.status = static_cast<int>(rows.int64(1)),
                                               .headers = std::string(rows.text(2)),
                                               .body = std::string(rows.text(3))}};
        }
    }
    return {};
}

// One bit per check, as in a scan: a check that cannot be evaluated counts as failed.
Result<void> RowsJob::load_checks() {
    failed_checks_.assign(all_rows_.size(), 0);
    if (table_.checks.empty()) {
        return {};
    }
    std::string bits;
    for (std::size_t i = 0; i < table_.checks.size(); ++i) {
        bits += fmt::format(
            "{}CASE WHEN coalesce(TRY(coalesce(CAST(({}\n) AS BOOLEAN), true)), false)"
            " THEN 0::BIGINT ELSE {}::BIGINT END",
            i == 0 ? "" : " | ",
            table_.checks[i].sql,
            std::int64_t{1} << i);
    }
    std::string columns;
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        columns += ", " + unnest_sql(i + 2, table_.columns[i]);
        indexes.push_back(i);
    }
    std::vector<Value> numbers(all_rows_.size());
    std::vector<const Value*> number_list;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = static_cast<std::int64_t>(i);
        number_list.push_back(&numbers[i]);
    }
    std::vector<DuckdbValue> params = one(make_list(kBig, number_list));
    for (DuckdbValue& list : column_lists(indexes)) {
        params.push_back(std::move(list));
    }
    MUSTER_ASSIGN(auto rows,
                  run("SELECT _muster_row, " + bits +
                          " FROM (SELECT unnest($1::BIGINT[]) AS _muster_row" + columns + ")",
                      params));
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return {};
        }
        failed_checks_[static_cast<std::size_t>(rows.int64(0))] = rows.int64(1);
    }
}

// Two steps: the keys alone decide which rows are there, and only those are read in full. One join
// that reads all columns costs several times as much for 1,000 keys spread over 10 M rows.
Result<void> RowsJob::load_existing() {
    std::string batch;
    for (std::size_t i = 0; i < key_columns_.size(); ++i) {
        batch += (i == 0 ? "" : ", ") + unnest_sql(i + 1, table_.columns[key_columns_[i]]);
    }
    const std::string keys = sql::column_list(table_.key, "t.");
    std::vector<Value> found;
    {
        MUSTER_ASSIGN(auto rows,
                      run("SELECT t.rowid FROM " + sql::target(table_.name) + " t WHERE " +
                              (table_.key.size() == 1 ? keys : "(" + keys + ")") + " IN (SELECT " +
                              batch + ")",
                          column_lists(key_columns_)));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            found.emplace_back(rows.int64(0));
        }
    }
    return found.empty() ? Result<void>() : load_rows(found);
}

Result<void> RowsJob::load_rows(const std::vector<Value>& rowids) {
    std::vector<const Value*> list;
    list.reserve(rowids.size());
    for (const Value& rowid : rowids) {
        list.push_back(&rowid);
    }
    MUSTER_ASSIGN(
        auto rows,
        run("SELECT t.rowid, " + sql::column_list(table_, "t.") + " FROM " +
                sql::target(table_.name) + " t WHERE t.rowid IN (SELECT unnest($1::BIGINT[]))",
            one(make_list(kBig, list))));
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return {};
        }
        Row& row = stored_rows_.emplace_back();
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            row.push_back(read_value(rows, i + 1, table_.columns[i].type));
        }
        Slot& slot = slots_[key_of(row)];
        slot.rowid = rows.int64(0);
        slot.stored = &row;
    }
}

Result<std::string> RowsJob::reference_key(const Reference& reference) {
    MUSTER_ASSIGN(auto rows, run(kReferenceKey, one(make_value(kText, reference.table.str()))));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return Error{ErrorCode::kConflict,
                     "table " + reference.table.str() + " is not in the warehouse",
                     "run 'muster migrate'",
                     ""};
    }
    return sql_identifier(rows.text(0));
}

Result<void> RowsJob::load_references() {
    known_references_.resize(table_.references.size());
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        const std::size_t column = table_.column_index(reference.column);
        const ColumnType& type = table_.columns[column].type;
        std::map<std::string, const Value*> wanted;  // each value once
        for (const Row* row : all_rows_) {
            const Value& value = (*row)[column];
            if (!std::holds_alternative<std::monostate>(value)) {
                std::string text;
                append_key(text, value);
                wanted.emplace(std::move(text), &value);
            }
        }
        if (wanted.empty()) {
            continue;
        }
        std::vector<const Value*> values;
        values.reserve(wanted.size());
        for (const auto& [text, value] : wanted) {
            values.push_back(value);
        }
        MUSTER_ASSIGN(const std::string key, reference_key(reference));
        MUSTER_ASSIGN(auto rows,
                      run(fmt::format("SELECT {0} FROM {1} WHERE {0} IN (SELECT unnest($1::{2}[]))",
                                      key,
                                      sql::target(reference.table),
                                      sql_type(type)),
                          one(make_list(type, values))));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            std::string text;
            append_key(text, read_value(rows, 0, type));
            known_references_[i].insert(std::move(text));
        }
    }
    return {};
}

}  // namespace muster
