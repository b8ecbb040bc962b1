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

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kKeysPerStatement = 500;

constexpr const char* kAnswerSelect =
    "SELECT payload_hash, status, headers, body, part FROM muster.idempotency_keys"
    " WHERE scope = $1 AND key = $2 AND expires_at_us > $3 ORDER BY part";
constexpr const char* kAnswerDelete =
    "DELETE FROM muster.idempotency_keys WHERE scope = $1 AND key = $2";

std::string param(PgParams& params, const std::string& type) {
    return fmt::format("CAST(${} AS {})", params.list().size(), type);
}

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
        MUSTER_ASSIGN(auto rows, connection_.query(kAnswerSelect, key->scope, key->key, now_us_));
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

std::string RedshiftRowsJob::keys_condition(std::span<const Row* const> rows,
                                            std::string_view prefix,
                                            PgParams& params) const {
    std::string out;
    for (const Row* row : rows) {
        std::string one;
        for (const std::size_t at : group_.key_columns()) {
            const Column& column = table_.columns[at];
            params.add(column.type, (*row)[at]);
            one += (one.empty() ? "" : " AND ") +
                   redshift::column_equal(column,
                                          std::string(prefix) + sql::identifier(column.name),
                                          param(params, redshift::type_name(column.type)));
        }
        out += (out.empty() ? "(" : " OR (") + one + ")";
    }
    return out;
}

Result<void> RedshiftRowsJob::load_existing() {
    const std::vector<const Row*>& rows = group_.rows();
    for (std::size_t first = 0; first < rows.size(); first += kKeysPerStatement) {
        const std::size_t count = std::min(kKeysPerStatement, rows.size() - first);
        PgParams params;
        const std::string condition =
            keys_condition(std::span(rows).subspan(first, count), "", params);
        MUSTER_ASSIGN(auto found,
                      connection_.run(fmt::format("SELECT {} FROM {} WHERE {}",
                                                  sql::column_list(table_),
                                                  sql::identifier(table_.name.str()),
                                                  condition),
                                      params));
        while (found.next()) {
            MUSTER_ASSIGN(Row row, read_row(table_, found));
            group_.add_stored(std::move(row), 0);
        }
    }
    return {};
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
        for (std::size_t first = 0; first < values.size(); first += kKeysPerStatement) {
            PgParams params;
            std::string condition;
            const std::size_t end = std::min(values.size(), first + kKeysPerStatement);
            for (std::size_t at = first; at < end; ++at) {
                params.add(column.type, *values[at]);
                condition += (condition.empty() ? "(" : " OR (") +
                             redshift::column_equal(
                                 column, key, param(params, redshift::type_name(column.type))) +
                             ")";
            }
            MUSTER_ASSIGN(auto rows,
                          connection_.run(fmt::format("SELECT {} FROM {} WHERE {}",
                                                      key,
                                                      sql::identifier(reference.table.str()),
                                                      condition),
                                          params));
            while (rows.next()) {
                MUSTER_ASSIGN(const Value value, rows.value(0, column.type));
                group_.add_referenced(i, value);
            }
        }
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
    std::vector<std::string> types;
    for (const Column& column : table_.columns) {
        types.push_back(redshift::type_name(column.type));
    }
    wrote_ = true;
    return redshift::insert_rows(
        connection_,
        sql::identifier(table_.name.str()) + " (" + sql::column_list(table_) + ")",
        types,
        all.size(),
        [&](std::size_t row, PgParams& params) {
            for (std::size_t i = 0; i < table_.columns.size(); ++i) {
                params.add(table_.columns[i].type, (*all[row])[i]);
            }
        });
}

Result<void> RedshiftRowsJob::remove_rows(const std::vector<const Row*>& rows) {
    std::int64_t removed = 0;
    for (std::size_t first = 0; first < rows.size(); first += kKeysPerStatement) {
        const std::size_t count = std::min(kKeysPerStatement, rows.size() - first);
        PgParams params;
        const std::string condition =
            keys_condition(std::span(rows).subspan(first, count), "", params);
        MUSTER_ASSIGN(const auto done,
                      connection_.run("DELETE FROM " + sql::identifier(table_.name.str()) +
                                          " WHERE " + condition,
                                      params));
        removed += done.rows_changed();
    }
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
        std::string list;
        const std::size_t end = std::min(rejects.size(), first + kKeysPerStatement);
        for (std::size_t i = first; i < end; ++i) {
            params.add(rejects[i].entry.id.str());
            list += fmt::format("{}${}", list.empty() ? "" : ", ", params.list().size());
        }
        MUSTER_ASSIGN(auto rows,
                      connection_.run("SELECT id, run_id, state, state_note FROM muster.rejects"
                                      " WHERE id IN (" +
                                          list + ")",
                                      params));
        while (rows.next()) {
            known[std::string(rows.text(0))] = {
                std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))};
        }
        MUSTER_TRY(
            connection_.run("DELETE FROM muster.rejects WHERE id IN (" + list + ")", params));
    }
    group_.keep_decisions(known);
    wrote_ = true;
    const std::vector<std::string> types{"VARCHAR(64)",
                                         "VARCHAR(64)",
                                         "VARCHAR(64)",
                                         "VARCHAR(127)",
                                         "VARCHAR(4096)",
                                         "BIGINT",
                                         "BIGINT",
                                         "BIGINT",
                                         "VARCHAR(65535)",
                                         "VARCHAR(16)",
                                         "VARCHAR(16)",
                                         "VARCHAR(65535)",
                                         "VARCHAR(65535)",
                                         "BIGINT",
                                         "VARCHAR(1024)"};
    return redshift::insert_rows(
        connection_,
        "muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\", length,"
        " \"raw\", severity, state, state_note, reasons, last_seen_us, pointer)",
        types,
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
        MUSTER_TRY(connection_.change(kAnswerDelete, key->scope, key->key));
        const std::vector<std::string> bodies = redshift::text_parts(answer->body);
        const RowsGroup::NewAnswer stored{key, answer};
        MUSTER_TRY(redshift::insert_rows(
            connection_,
            "muster.idempotency_keys (scope, key, payload_hash, status, part, headers, body,"
            " expires_at_us)",
            {"VARCHAR(4096)",
             "VARCHAR(1024)",
             "VARCHAR(128)",
             "BIGINT",
             "INTEGER",
             "VARCHAR(65535)",
             "VARCHAR(65535)",
             "BIGINT"},
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
