// What the database knows of a group's rows. The table is probed by the batch: the other way round
// costs a scan of the whole table for a single row.
#include "engine/detail/scan_source.h"
#include "warehouse/detail/ledger_rows.h"
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

Result<std::vector<RowWriteResult>> RowsJob::run() {
    MUSTER_TRY(load_answers());
    if (!group_.rows().empty()) {
        MUSTER_TRY(load_checks());
        MUSTER_TRY(load_existing());
        MUSTER_TRY(load_references());
    }
    MUSTER_ASSIGN(const std::int64_t version, load_version());
    version_ = version;
    std::vector<RowWriteResult> results = group_.settle(version_);
    MUSTER_TRY(store_rows());
    MUSTER_TRY(store_rejects());
    MUSTER_TRY(store_notes());
    return results;
}

Result<void> RowsJob::load_answers() {
    for (const IdempotencyKey* key : group_.idempotency_keys()) {
        std::vector<DuckdbValue> params;
        params.push_back(make_value(kText, key->scope));
        params.push_back(make_value(kText, key->key));
        params.push_back(make_value(kBig, now_us_));
        MUSTER_ASSIGN(auto rows, run(sql::kAnswerSelect, params));
        MUSTER_ASSIGN(const bool found, rows.next());
        if (found) {
            group_.add_answer(*key,
                              std::string(rows.text(0)),
                              {.status = static_cast<int>(rows.int64(1)),
                               .headers = std::string(rows.text(2)),
                               .body = std::string(rows.text(3))});
        }
    }
    return {};
}

Result<void> RowsJob::load_checks() {
    if (table_.checks.empty()) {
        return {};
    }
    MUSTER_ASSIGN(const auto failed, failed_row_checks(kept_, table_, group_.rows()));
    for (std::size_t i = 0; i < failed.size(); ++i) {
        group_.set_failed_checks(i, failed[i]);
    }
    return {};
}

// Two steps: the keys alone decide which rows are there, and only those are read in full. One join
// that reads all columns costs several times as much for 1,000 keys spread over 10 M rows.
Result<void> RowsJob::load_existing() {
    std::string batch;
    const std::vector<std::size_t>& key_columns = group_.key_columns();
    for (std::size_t i = 0; i < key_columns.size(); ++i) {
        batch += (i == 0 ? "" : ", ") + unnest_sql(i + 1, table_.columns[key_columns[i]]);
    }
    const std::string keys = sql::column_list(table_.key, "t.");
    std::vector<Value> found;
    {
        MUSTER_ASSIGN(auto rows,
                      run("SELECT t.rowid FROM " + sql::target(table_.name) + " t WHERE " +
                              (table_.key.size() == 1 ? keys : "(" + keys + ")") + " IN (SELECT " +
                              batch + ")",
                          column_lists(table_, group_.rows(), key_columns)));
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
        Row row;
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            row.push_back(read_value(rows, i + 1, table_.columns[i].type));
        }
        group_.add_stored(std::move(row), rows.int64(0));
    }
}

Result<std::string> RowsJob::reference_key(const Reference& reference) {
    MUSTER_ASSIGN(auto rows, run(kReferenceKey, one(make_value(kText, reference.table.str()))));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return referenced_table_missing(reference.table);
    }
    return sql_identifier(rows.text(0));
}

Result<void> RowsJob::load_references() {
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        const ColumnType& type = table_.find_column(reference.column)->type;
        const std::vector<const Value*> values = group_.referenced_values(i);
        if (values.empty()) {
            continue;
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
            group_.add_referenced(i, read_value(rows, 0, type));
        }
    }
    return {};
}

}  // namespace muster
