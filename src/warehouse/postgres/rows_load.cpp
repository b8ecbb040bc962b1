// What the database knows of a group's rows. Statements over tables of the catalog are planned each
// time, with the arrays at hand: a plan for any array takes the length of this one for granted.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/duckdb/row_checks.h"
#include "warehouse/postgres/arrays.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/rows_job.h"
#include "warehouse/postgres/rows_sql.h"

#include <fmt/format.h>

namespace muster {

Result<std::vector<RowWriteResult>> PgRowsJob::run() {
    MUSTER_TRY(load_answers());
    if (!group_.rows().empty()) {
        MUSTER_TRY(load_checks());
        MUSTER_TRY(load_existing());
        MUSTER_TRY(load_references());
    }
    MUSTER_ASSIGN(version_, connection_.scalar(pg_sql::kVersionSelect, table_.name.str()));
    std::vector<RowWriteResult> results = group_.settle(version_);
    MUSTER_TRY(store_rows());
    MUSTER_TRY(store_rejects());
    MUSTER_TRY(store_answers());
    MUSTER_TRY(store_audits());
    MUSTER_TRY(store_version());
    return results;
}

Result<void> PgRowsJob::load_answers() {
    const std::vector<const IdempotencyKey*> keys = group_.idempotency_keys();
    if (keys.empty()) {
        return {};
    }
    std::vector<std::string> scopes;
    std::vector<std::string> texts;
    for (const IdempotencyKey* key : keys) {
        scopes.push_back(key->scope);
        texts.push_back(key->key);
    }
    MUSTER_ASSIGN(
        auto rows,
        connection_.query(
            pg_sql::kAnswersSelect, postgres_array(scopes), postgres_array(texts), now_us_));
    while (rows.next()) {
        const IdempotencyKey key{.scope = std::string(rows.text(0)),
                                 .key = std::string(rows.text(1))};
        group_.add_answer(key,
                          std::string(rows.text(2)),
                          {.status = static_cast<int>(rows.int64(3)),
                           .headers = std::string(rows.text(4)),
                           .body = std::string(rows.text(5))});
    }
    return {};
}

Result<void> PgRowsJob::load_checks() {
    MUSTER_ASSIGN(const auto failed, failed_row_checks(engine_, table_, group_.rows()));
    for (std::size_t i = 0; i < failed.size(); ++i) {
        group_.set_failed_checks(i, failed[i]);
    }
    return {};
}

Result<void> PgRowsJob::load_existing() {
    PgParams params;
    add_arrays(params, table_, group_.rows(), group_.key_columns());
    MUSTER_ASSIGN(auto rows,
                  connection_.run(fmt::format("SELECT {} FROM {} t JOIN {} ON {}",
                                              sql::column_list(table_, "t."),
                                              sql::identifier(table_.name.str()),
                                              unnest_sql(table_, group_.key_columns(), "b"),
                                              sql::key_equal(table_, "t.", "b.")),
                                  params));
    while (rows.next()) {
        MUSTER_ASSIGN(Row row, read_row(table_, rows));
        group_.add_stored(std::move(row), 0);
    }
    return {};
}

Result<void> PgRowsJob::load_references() {
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        const ColumnType& type = table_.find_column(reference.column)->type;
        const std::vector<const Value*> values = group_.referenced_values(i);
        if (values.empty()) {
            continue;
        }
        MUSTER_ASSIGN(const std::string key, referenced_key(connection_, reference));
        MUSTER_ASSIGN(
            auto rows,
            connection_.query(fmt::format("SELECT {0} FROM {1} WHERE {0} = ANY($1::{2}[])",
                                          key,
                                          sql::identifier(reference.table.str()),
                                          postgres_type(type)),
                              postgres_array(type, values)));
        while (rows.next()) {
            MUSTER_ASSIGN(const Value value, rows.value(0, type));
            group_.add_referenced(i, value);
        }
    }
    return {};
}

}  // namespace muster
