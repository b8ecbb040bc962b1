// What a group leaves behind: rows, rejects, answers, audit entries and the table's version.
#include "core/limits.h"
#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/rows_job.h"
#include "warehouse/duckdb/sql.h"
#include "warehouse/duckdb/state_sql.h"

#include <fmt/format.h>

#include <functional>

namespace muster {
namespace {

constexpr ColumnType kText{TypeKind::kString, 0, 0};
constexpr ColumnType kBig{TypeKind::kInt64, 0, 0};
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr const char* kRejectsKnown =
    "SELECT id, run_id, state, state_note FROM muster.rejects"
    " WHERE id IN (SELECT unnest($1::VARCHAR[]))";
constexpr const char* kRejectsDelete =
    "DELETE FROM muster.rejects WHERE id IN (SELECT unnest($1::VARCHAR[]))";
constexpr const char* kRejectsInsert =
    "INSERT INTO muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\","
    " length, raw, severity, state, state_note, reasons, last_seen_us, pointer)"
    " SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[]), $4,"
    " unnest($5::VARCHAR[]), 0, 0, 0, encode(unnest($6::VARCHAR[])), 'error',"
    " unnest($7::VARCHAR[]), unnest($8::VARCHAR[]), unnest($9::VARCHAR[]), $10,"
    " unnest($11::VARCHAR[])";

DuckdbValue text_list(const std::vector<RowsGroup::NewReject>& rejects,
                      const std::function<std::string(const RowsGroup::NewReject&)>& part) {
    std::vector<Value> values;
    values.reserve(rejects.size());
    for (const RowsGroup::NewReject& reject : rejects) {
        values.emplace_back(part(reject));
    }
    std::vector<const Value*> list;
    list.reserve(values.size());
    for (const Value& value : values) {
        list.push_back(&value);
    }
    return make_list(kText, list);
}

}  // namespace

Result<std::int64_t> RowsJob::load_version() {
    std::vector<DuckdbValue> params;
    params.push_back(make_value(kText, table_.name.str()));
    MUSTER_ASSIGN(auto rows, run(sql::kTableVersion, params));
    MUSTER_ASSIGN(const bool found, rows.next());
    return found ? rows.int64(0) : 0;
}

Result<void> RowsJob::store_rows() {
    const std::vector<RowsGroup::Change> changes = group_.changes();
    std::vector<Value> dropped;
    std::vector<const Row*> added;  // by key: tables are kept roughly sorted
    for (const RowsGroup::Change& change : changes) {
        added.push_back(change.row);
        if (change.rowid) {
            dropped.emplace_back(*change.rowid);
        }
    }
    if (!dropped.empty()) {
        std::vector<const Value*> list;
        list.reserve(dropped.size());
        for (const Value& value : dropped) {
            list.push_back(&value);
        }
        std::vector<DuckdbValue> params;
        params.push_back(make_list(kBig, list));
        MUSTER_ASSIGN(auto done,
                      run("DELETE FROM " + sql::target(table_.name) +
                              " WHERE rowid IN (SELECT unnest($1::BIGINT[]))",
                          params));
        if (done.rows_changed() != dropped.size()) {
            return Error{ErrorCode::kInternal, "a row to replace is no longer there", "", ""};
        }
    }
    if (added.empty()) {
        return {};
    }
    std::string lists;
    std::vector<DuckdbValue> params;
    std::vector<const Value*> values(added.size());
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const Column& column = table_.columns[i];
        lists +=
            fmt::format("{}unnest(${}::{}[])", i == 0 ? "" : ", ", i + 1, sql_type(column.type));
        for (std::size_t row = 0; row < added.size(); ++row) {
            values[row] = &(*added[row])[i];
        }
        params.push_back(make_list(column.type, values));
    }
    MUSTER_ASSIGN(auto done,
                  run("INSERT INTO " + sql::target(table_.name) + " (" + sql::column_list(table_) +
                          ") SELECT " + lists,
                      params));
    if (done.rows_changed() != added.size()) {
        return Error{ErrorCode::kInternal, "not all rows of a request were inserted", "", ""};
    }
    wrote_ = true;
    return {};
}

Result<void> RowsJob::load_known_rejects(std::map<std::string, RowsGroup::KnownReject>& known) {
    std::vector<DuckdbValue> ids;
    ids.push_back(
        text_list(group_.rejects(), [](const auto& reject) { return reject.entry.id.str(); }));
    {
        MUSTER_ASSIGN(auto rows, run(kRejectsKnown, ids));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            known[std::string(rows.text(0))] = {
                std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))};
        }
    }
    if (!known.empty()) {
        MUSTER_ASSIGN(auto deleted, run(kRejectsDelete, ids));
    }
    return {};
}

Result<void> RowsJob::store_rejects() {
    if (group_.rejects().empty()) {
        return {};
    }
    std::map<std::string, RowsGroup::KnownReject> known;
    MUSTER_TRY(load_known_rejects(known));
    group_.keep_decisions(known);
    std::vector<DuckdbValue> params;
    const auto add = [&](const std::function<std::string(const RowsGroup::NewReject&)>& part) {
        params.push_back(text_list(group_.rejects(), part));
    };
    add([](const auto& reject) { return reject.entry.id.str(); });
    add([](const auto& reject) { return reject.entry.run_id; });
    add([](const auto& reject) { return reject.last_seen_run; });
    params.push_back(make_value(kText, table_.name.str()));
    add([](const auto& reject) { return reject.entry.object; });
    add([](const auto& reject) { return reject.entry.raw; });
    add([](const auto& reject) { return reject.entry.state; });
    add([](const auto& reject) { return reject.entry.state_note; });
    add([](const auto& reject) { return reasons_json(reject.entry.reasons); });
    params.push_back(make_value(kBig, now_us_));
    add([](const auto& reject) { return reject.entry.pointer; });
    MUSTER_ASSIGN(auto stored, run(kRejectsInsert, params));
    wrote_ = true;
    return {};
}

Result<void> RowsJob::store_notes() {
    const auto text = [](const std::string& value) { return make_value(kText, value); };
    const auto number = [](std::int64_t value) { return make_value(kBig, value); };
    for (const auto& [key, answer] : group_.answers()) {
        std::vector<DuckdbValue> params;
        params.push_back(text(key->scope));
        params.push_back(text(key->key));
        MUSTER_ASSIGN(auto expired, run(sql::kAnswerDelete, params));
        params.push_back(text(key->payload_hash));
        params.push_back(number(answer->status));
        params.push_back(text(answer->headers));
        params.push_back(text(answer->body));
        params.push_back(number(now_us_ + kIdempotencySeconds * kMicrosPerSecond));
        MUSTER_ASSIGN(auto stored, run(sql::kAnswerInsert, params));
        wrote_ = true;
    }
    for (const AuditEntry* entry : group_.audits()) {
        std::vector<DuckdbValue> params;
        params.push_back(number(entry->at_us));
        for (const std::string* part :
             {&entry->user, &entry->action, &entry->subject, &entry->detail, &entry->request_id}) {
            params.push_back(text(*part));
        }
        MUSTER_ASSIGN(auto stored, run(sql::kAuditInsert, params));
    }
    if (group_.table_changed()) {
        std::vector<DuckdbValue> params;
        params.push_back(text(table_.name.str()));
        MUSTER_ASSIGN(auto removed, run(sql::kTableVersionDelete, params));
        params.push_back(number(version_ + 1));
        MUSTER_ASSIGN(auto added, run(sql::kTableVersionInsert, params));
    }
    return {};
}

}  // namespace muster
