// What a group leaves behind: rows, rejects, answers, audit entries and the table's version.
#include "core/limits.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/arrays.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/rows_job.h"
#include "warehouse/postgres/rows_sql.h"

#include <fmt/format.h>

#include <numeric>

namespace muster {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

std::vector<std::size_t> all_columns(const Table& table) {
    std::vector<std::size_t> columns(table.columns.size());
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    return columns;
}

Result<void> wrote_all(const PgRows& done, std::size_t rows) {
    if (done.rows_changed() == static_cast<std::int64_t>(rows)) {
        return {};
    }
    return Error{
        ErrorCode::kInternal,
        fmt::format(
            "{} rows of a request were to be written, but {} were", rows, done.rows_changed()),
        "nothing was written; look for triggers and rules of the table",
        ""};
}

}  // namespace

Result<void> PgRowsJob::store_rows() {
    const std::vector<RowsGroup::Change> changes = group_.changes();
    MUSTER_TRY(store_changes(changes));
    wrote_ = wrote_ || !changes.empty();
    return check_deferred_ ? connection_.execute(kCheckDeferred) : Result<void>();
}

Result<void> PgRowsJob::store_changes(std::span<const RowsGroup::Change> changes) {
    std::vector<const Row*> changed;
    std::vector<const Row*> added;
    for (const RowsGroup::Change& change : changes) {
        (change.rowid ? changed : added).push_back(change.row);
    }
    MUSTER_TRY(store_changed(changed));
    return store_new(added);
}

Result<void> PgRowsJob::store_changed(const std::vector<const Row*>& rows) {
    if (rows.empty()) {
        return {};
    }
    std::string sets;
    for (const Column& column : table_.columns) {
        if (!table_.is_key(column.name)) {
            const std::string name = sql::identifier(column.name);
            sets += fmt::format("{}{} = b.{}", sets.empty() ? "" : ", ", name, name);
        }
    }
    const std::vector<std::size_t> columns = all_columns(table_);
    PgParams params;
    add_arrays(params, table_, rows, columns);
    MUSTER_ASSIGN(const auto done,
                  connection_.run(fmt::format("UPDATE {} t SET {} FROM {} WHERE {}",
                                              sql::identifier(table_.name.str()),
                                              sets,
                                              unnest_sql(table_, columns, "b"),
                                              sql::key_equal(table_, "t.", "b.")),
                                  params));
    return wrote_all(done, rows.size());
}

Result<void> PgRowsJob::store_new(const std::vector<const Row*>& rows) {
    if (rows.empty()) {
        return {};
    }
    const std::vector<std::size_t> columns = all_columns(table_);
    PgParams params;
    add_arrays(params, table_, rows, columns);
    MUSTER_ASSIGN(const auto done,
                  connection_.run(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}",
                                              sql::identifier(table_.name.str()),
                                              sql::column_list(table_),
                                              sql::column_list(table_, "b."),
                                              unnest_sql(table_, columns, "b")),
                                  params));
    return wrote_all(done, rows.size());
}

Result<void> PgRowsJob::store_rejects() {
    if (group_.rejects().empty()) {
        return {};
    }
    const auto list = [this](auto part) {
        std::vector<std::string> texts;
        for (const RowsGroup::NewReject& reject : group_.rejects()) {
            texts.push_back(part(reject));
        }
        return postgres_array(texts);
    };
    const std::string ids = list([](const auto& reject) { return reject.entry.id.str(); });
    MUSTER_ASSIGN(auto rows, connection_.query(pg_sql::kKnownRejectsDelete, ids));
    std::map<std::string, RowsGroup::KnownReject> known;
    while (rows.next()) {
        known[std::string(rows.text(0))] = {
            std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))};
    }
    group_.keep_decisions(known);
    PgParams params;
    params.add(table_.name.str()).add(now_us_).add(ids);
    params.add(list([](const auto& reject) { return reject.entry.run_id; }));
    params.add(list([](const auto& reject) { return reject.last_seen_run; }));
    params.add(list([](const auto& reject) { return reject.entry.object; }));
    params.add(list([](const auto& reject) { return reject.entry.raw; }));
    params.add(list([](const auto& reject) { return reject.entry.state; }));
    params.add(list([](const auto& reject) { return reject.entry.state_note; }));
    params.add(list([](const auto& reject) { return reasons_json(reject.entry.reasons); }));
    params.add(list([](const auto& reject) { return reject.entry.pointer; }));
    MUSTER_ASSIGN(const auto stored, connection_.run(pg_sql::kRejectsStore, params));
    wrote_ = true;
    return wrote_all(stored, group_.rejects().size());
}

Result<void> PgRowsJob::store_answers() {
    for (const auto& [key, answer] : group_.answers()) {
        PgParams params;
        params.add(key->scope).add(key->key).add(key->payload_hash);
        params.add(std::int64_t{answer->status}).add(answer->headers).add(answer->body);
        params.add(now_us_ + kIdempotencySeconds * kMicrosPerSecond);
        MUSTER_TRY(connection_.run_cached(pg_sql::kAnswerStore, params));
        wrote_ = true;
    }
    return {};
}

Result<void> PgRowsJob::store_audits() {
    for (const AuditEntry* entry : group_.audits()) {
        PgParams params;
        params.add(entry->at_us).add(entry->user).add(entry->action).add(entry->subject);
        params.add(entry->detail).add(entry->request_id);
        MUSTER_TRY(connection_.run_cached(pg_sql::kAuditStore, params));
    }
    return {};
}

Result<void> PgRowsJob::store_version() {
    return group_.table_changed() ? set_table_version(connection_, table_.name.str(), version_ + 1)
                                  : Result<void>{};
}

}  // namespace muster
