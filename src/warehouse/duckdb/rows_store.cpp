// What a group leaves behind: rows, rejects, answers, audit entries and the table's version.
#include "core/limits.h"
#include "core/text.h"
#include "engine/detail/scan_source.h"
#include "warehouse/duckdb/rows_job.h"
#include "warehouse/duckdb/sql.h"
#include "warehouse/duckdb/state_sql.h"

#include <fmt/format.h>

#include <algorithm>
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

DuckdbValue text_list(const std::vector<RejectEntry>& entries,
                      const std::function<std::string(const RejectEntry&)>& part) {
    std::vector<Value> values;
    values.reserve(entries.size());
    for (const RejectEntry& entry : entries) {
        values.emplace_back(part(entry));
    }
    std::vector<const Value*> list;
    list.reserve(values.size());
    for (const Value& value : values) {
        list.push_back(&value);
    }
    return make_list(kText, list);
}

// Later ones of the same id are dropped: an id is in the ledger once.
void number_rejects(const Table& table, std::vector<RejectEntry>& entries) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> seen;  // request, raw hash
    std::map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        RejectEntry& entry = entries[i];
        const std::string hash = raw_hash_text(hash_raw(entry.raw));
        entry.id = RejectId(reject_id_text(table.name.str(), hash, ++seen[{entry.run_id, hash}]));
        entry.raw = utf8_prefix(entry.raw, kRejectRawBytesMax);
        last[entry.id.str()] = i;
    }
    std::vector<RejectEntry> kept;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (last[entries[i].id.str()] == i) {
            kept.push_back(std::move(entries[i]));
        }
    }
    entries = std::move(kept);
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
    std::vector<Value> dropped;
    std::vector<const Row*> added;
    for (const auto& [key, slot] : slots_) {
        if (slot.pending == nullptr) {
            continue;
        }
        added.push_back(slot.pending);
        if (slot.rowid) {
            dropped.emplace_back(*slot.rowid);
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
    // Tables are kept roughly sorted by key.
    std::sort(added.begin(), added.end(), [this](const Row* left, const Row* right) {
        return key_less(*left, *right);
    });
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

void RowsJob::collect_rejects(const RowWrite& request,
                              const std::vector<std::vector<Reason>>& reasons) {
    for (const RejectEntry& entry : request.rejects) {
        rejects_.push_back(entry);
    }
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        if (reasons[i].empty()) {
            continue;
        }
        RejectEntry& entry =
            rejects_.emplace_back(row_reject(table_, request, request.indexes[i], reasons[i]));
        entry.raw = request.raw[i];
    }
}

Result<void> RowsJob::load_known_rejects(std::map<std::string, KnownReject>& known) {
    std::vector<DuckdbValue> ids;
    ids.push_back(text_list(rejects_, [](const RejectEntry& entry) { return entry.id.str(); }));
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

// A reject seen again keeps its first request and what was decided about it.
Result<void> RowsJob::store_rejects() {
    if (rejects_.empty()) {
        return {};
    }
    number_rejects(table_, rejects_);
    std::map<std::string, KnownReject> known;
    MUSTER_TRY(load_known_rejects(known));
    const auto decided = [&known](const RejectEntry& entry) -> const KnownReject* {
        const auto at = known.find(entry.id.str());
        const bool kept =
            at != known.end() && (at->second.state == "replayed" || at->second.state == "waived");
        return kept ? &at->second : nullptr;
    };
    std::vector<DuckdbValue> params;
    const auto add = [&](const std::function<std::string(const RejectEntry&)>& part) {
        params.push_back(text_list(rejects_, part));
    };
    add([](const RejectEntry& entry) { return entry.id.str(); });
    add([&known](const RejectEntry& entry) {
        const auto at = known.find(entry.id.str());
        return at == known.end() ? entry.run_id : at->second.run_id;
    });
    add([](const RejectEntry& entry) { return entry.run_id; });
    params.push_back(make_value(kText, table_.name.str()));
    add([](const RejectEntry& entry) { return entry.object; });
    add([](const RejectEntry& entry) { return entry.raw; });
    add([&](const RejectEntry& entry) { return decided(entry) ? decided(entry)->state : "open"; });
    add([&](const RejectEntry& entry) { return decided(entry) ? decided(entry)->note : ""; });
    add([](const RejectEntry& entry) { return reasons_json(entry.reasons); });
    params.push_back(make_value(kBig, now_us_));
    add([](const RejectEntry& entry) { return entry.pointer; });
    MUSTER_ASSIGN(auto stored, run(kRejectsInsert, params));
    wrote_ = true;
    return {};
}

void RowsJob::keep_answer(const RowWrite& request, const RowWriteResult& result) {
    if (!request.idempotency || !request.answer) {
        return;
    }
    const IdempotencyKey& key = *request.idempotency;
    answers_[{key.scope, key.key}] = {key.payload_hash, request.answer(result)};
    new_answers_.push_back(&key);
}

Result<void> RowsJob::store_notes() {
    const auto text = [](const std::string& value) { return make_value(kText, value); };
    const auto number = [](std::int64_t value) { return make_value(kBig, value); };
    for (const IdempotencyKey* key : new_answers_) {
        const KnownAnswer& known = answers_.at({key->scope, key->key});
        std::vector<DuckdbValue> params;
        params.push_back(text(key->scope));
        params.push_back(text(key->key));
        MUSTER_ASSIGN(auto expired, run(sql::kAnswerDelete, params));
        params.push_back(text(known.payload_hash));
        params.push_back(number(known.answer.status));
        params.push_back(text(known.answer.headers));
        params.push_back(text(known.answer.body));
        params.push_back(number(now_us_ + kIdempotencySeconds * kMicrosPerSecond));
        MUSTER_ASSIGN(auto stored, run(sql::kAnswerInsert, params));
        wrote_ = true;
    }
    for (const AuditEntry* entry : audits_) {
        std::vector<DuckdbValue> params;
        params.push_back(number(entry->at_us));
        for (const std::string* part :
             {&entry->user, &entry->action, &entry->subject, &entry->detail, &entry->request_id}) {
            params.push_back(text(*part));
        }
        MUSTER_ASSIGN(auto stored, run(sql::kAuditInsert, params));
    }
    if (changed_) {
        std::vector<DuckdbValue> params;
        params.push_back(text(table_.name.str()));
        MUSTER_ASSIGN(auto removed, run(sql::kTableVersionDelete, params));
        params.push_back(number(version_ + 1));
        MUSTER_ASSIGN(auto added, run(sql::kTableVersionInsert, params));
    }
    return {};
}

}  // namespace muster
