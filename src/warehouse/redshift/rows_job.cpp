#include "warehouse/redshift/rows_job.h"

#include "core/limits.h"
#include "core/text.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/duckdb/row_checks.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/insert_rows.h"
#include "warehouse/redshift/publications.h"
#include "warehouse/redshift/rows_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kKeysPerStatement = 500;

}  // namespace

Result<std::vector<RowWriteResult>> RedshiftRowsJob::run() {
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
    MUSTER_TRY(store_version());
    return results;
}

Result<void> RedshiftRowsJob::load_answers() {
    for (const IdempotencyKey* key : group_.idempotency_keys()) {
        MUSTER_ASSIGN(auto rows,
                      connection_.query(redshift::kAnswerSelect, key->scope, key->key, now_us_));
        std::string hash;
        StoredAnswer answer;
        while (rows.next()) {
            hash = rows.text(0);
            answer.status = static_cast<int>(rows.int64(1));
            answer.headers += rows.text(2);
            answer.body += rows.text(3);
        }
        if (answer.status != 0) {
            group_.add_answer(*key, hash, std::move(answer));
        }
    }
    return {};
}

Result<void> RedshiftRowsJob::load_checks() {
    MUSTER_ASSIGN(const auto failed, failed_row_checks(engine_, table_, group_.rows()));
    for (std::size_t i = 0; i < failed.size(); ++i) {
        group_.set_failed_checks(i, failed[i]);
    }
    return {};
}

redshift::BatchedStatement RedshiftRowsJob::by_keys(const std::vector<const Row*>& rows,
                                                    std::string (*sql)(const Table&,
                                                                       std::size_t)) const {
    return {.sql = [this, sql](std::size_t count) { return sql(table_, count); },
            .head = {},
            .add =
                [this, &rows](std::size_t row, PgParams& params) {
                    for (const std::size_t at : group_.key_columns()) {
                        params.add(table_.columns[at].type, (*rows[row])[at]);
                    }
                },
            .items_max = kKeysPerStatement};
}

Result<void> RedshiftRowsJob::load_existing() {
    const std::vector<const Row*>& rows = group_.rows();
    return redshift::run_batches(connection_,
                                 rows.size(),
                                 by_keys(rows, redshift::select_keys),
                                 [this](PgRows& found, std::size_t /*keys*/) -> Result<void> {
                                     while (found.next()) {
                                         MUSTER_ASSIGN(Row row, read_row(table_, found));
                                         group_.add_stored(std::move(row), 0);
                                     }
                                     return {};
                                 });
}

Result<void> RedshiftRowsJob::load_references() {
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        const Reference& reference = table_.references[i];
        const Column& column = *table_.find_column(reference.column);
        const std::vector<const Value*> values = group_.referenced_values(i);
        if (values.empty()) {
            continue;
        }
        MUSTER_ASSIGN(const std::string key, referenced_key(connection_, reference));
        const redshift::BatchedStatement statement{
            .sql =
                [&](std::size_t count) {
                    return redshift::select_referenced(column, reference.table, key, count);
                },
            .head = {},
            .add = [&](std::size_t at, PgParams& params) { params.add(column.type, *values[at]); },
            .items_max = kKeysPerStatement};
        MUSTER_TRY(redshift::run_batches(
            connection_,
            values.size(),
            statement,
            [&](PgRows& found, std::size_t /*values*/) -> Result<void> {
                while (found.next()) {
                    MUSTER_ASSIGN(const Value value, found.value(0, column.type));
                    group_.add_referenced(i, value);
                }
                return {};
            }));
    }
    return {};
}

// Changed rows are deleted and inserted again with the new ones.
Result<void> RedshiftRowsJob::store_rows() {
    std::vector<const Row*> all;
    std::vector<const Row*> replaced;
    const std::vector<RowsGroup::Change> changes = group_.changes();
    for (const RowsGroup::Change& change : changes) {
        all.push_back(change.row);
        if (change.rowid) {
            replaced.push_back(change.row);
        }
    }
    if (all.empty()) {
        return {};
    }
    MUSTER_TRY(remove_rows(replaced));
    const redshift::InsertTarget target = redshift::table_target(table_);
    wrote_ = true;
    return redshift::insert_rows(connection_,
                                 target.relation,
                                 target.types,
                                 all.size(),
                                 [&](std::size_t row, PgParams& params) {
                                     for (std::size_t i = 0; i < table_.columns.size(); ++i) {
                                         params.add(table_.columns[i].type, (*all[row])[i]);
                                     }
                                 });
}

Result<void> RedshiftRowsJob::remove_rows(const std::vector<const Row*>& rows) {
    std::int64_t removed = 0;
    MUSTER_TRY(redshift::run_batches(connection_,
                                     rows.size(),
                                     by_keys(rows, redshift::delete_keys),
                                     [&removed](const PgRows& done, std::size_t /*keys*/) {
                                         removed += done.rows_changed();
                                         return Result<void>();
                                     }));
    if (removed == static_cast<std::int64_t>(rows.size())) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 fmt::format("table {}: {} rows were to be replaced, but {} have their keys",
                             table_.name.str(),
                             rows.size(),
                             removed),
                 "nothing was written; mend the table: its key is not unique any more",
                 ""};
}

Result<void> RedshiftRowsJob::store_rejects() {
    const auto& rejects = group_.rejects();
    if (rejects.empty()) {
        return {};
    }
    std::map<std::string, RowsGroup::KnownReject> known;
    for (std::size_t first = 0; first < rejects.size(); first += kKeysPerStatement) {
        PgParams params;
        const std::size_t end = std::min(rejects.size(), first + kKeysPerStatement);
        for (std::size_t i = first; i < end; ++i) {
            params.add(rejects[i].entry.id.str());
        }
        MUSTER_ASSIGN(auto rows, connection_.run(redshift::known_rejects(end - first), params));
        while (rows.next()) {
            known[std::string(rows.text(0))] = {
                std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))};
        }
        MUSTER_TRY(connection_.run(redshift::delete_rejects(end - first), params));
    }
    group_.keep_decisions(known);
    wrote_ = true;
    const redshift::InsertTarget& target = redshift::rejects_target();
    return redshift::insert_rows(
        connection_,
        target.relation,
        target.types,
        rejects.size(),
        [&](std::size_t row, PgParams& params) {
            const RowsGroup::NewReject& reject = group_.rejects()[row];
            const RejectEntry& entry = reject.entry;
            constexpr std::int64_t kNone = 0;
            params.add(entry.id.str()).add(entry.run_id).add(reject.last_seen_run);
            params.add(table_.name.str()).add(entry.object).add(kNone).add(kNone).add(kNone);
            params.add(base64_encode(utf8_prefix(entry.raw, kRejectRawBytesMax))).add("error");
            params.add(entry.state).add(entry.state_note).add(reasons_json(entry.reasons));
            params.add(now_us_).add(entry.pointer);
        });
}

Result<void> RedshiftRowsJob::store_answers() {
    for (const auto& [key, answer] : group_.answers()) {
        MUSTER_TRY(connection_.change(redshift::kAnswerDelete, key->scope, key->key));
        const std::vector<std::string> bodies = redshift::text_parts(answer->body);
        const RowsGroup::NewAnswer stored{key, answer};
        const redshift::InsertTarget& target = redshift::answers_target();
        MUSTER_TRY(redshift::insert_rows(
            connection_,
            target.relation,
            target.types,
            bodies.size(),
            [&](std::size_t row, PgParams& params) {
                params.add(stored.key->scope).add(stored.key->key).add(stored.key->payload_hash);
                params.add(std::int64_t{stored.answer->status});
                params.add(static_cast<std::int64_t>(row));
                params.add(row == 0 ? stored.answer->headers : std::string()).add(bodies[row]);
                params.add(now_us_ + kIdempotencySeconds * kMicrosPerSecond);
            }));
        wrote_ = true;
    }
    return {};
}

Result<void> RedshiftRowsJob::store_version() {
    return group_.table_changed() ? set_table_version(connection_, table_.name.str(), version_ + 1)
                                  : Result<void>{};
}

}  // namespace muster
