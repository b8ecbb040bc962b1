#include "rows/rows.h"

#include "core/limits.h"
#include "rows/detail/committer.h"
#include "validate/json_rows.h"

#include <map>

namespace muster {
namespace {

Result<void> check_count(std::size_t rows) {
    if (rows >= 1 && rows <= kRowsPerRequestMax) {
        return {};
    }
    return Error{.code = ErrorCode::kUsage,
                 .message = "a request holds 1 to " + std::to_string(kRowsPerRequestMax) +
                            " rows, this one " + std::to_string(rows),
                 .hint = "split it",
                 .detail = ""};
}

// Sorts judged rows into those that go on and those that are refused already.
void fill_write(const InsertRequest& request, JsonRows& judged, RowWrite& write) {
    write.array = judged.array;
    for (std::size_t i = 0; i < judged.rows.size(); ++i) {
        JsonRow& row = judged.rows[i];
        if (row.reasons.empty()) {
            write.rows.push_back(std::move(row.values));
            write.indexes.push_back(i);
            write.raw.push_back(request.lenient ? std::move(row.text) : std::string());
            continue;
        }
        if (request.lenient) {
            write.rejects.push_back(row_reject(request.table, write, i, row.reasons));
            write.rejects.back().raw = std::move(row.text);
        }
        for (Reason& reason : row.reasons) {
            write.problems.push_back({i, std::move(reason)});
        }
    }
}

}  // namespace

struct Rows::State {
    Warehouse& warehouse;
    RowsCounters counters;
    std::map<std::string, std::unique_ptr<Committer>> committers;  // by table
};

Rows::Rows(const Catalog& catalog, Warehouse& warehouse, const Clock& clock)
    : state_(new State{warehouse, {}, {}}) {
    for (const Table& table : catalog.tables) {
        state_->committers.emplace(
            table.name.str(),
            std::make_unique<Committer>(table, warehouse.row_tables(), clock, state_->counters));
    }
}

Rows::~Rows() = default;

Result<InsertOutcome> Rows::insert(const InsertRequest& request) {
    const auto committer = state_->committers.find(request.table.name.str());
    if (committer == state_->committers.end()) {
        return Error{ErrorCode::kNotFound, "no table " + request.table.name.str(), "", ""};
    }
    MUSTER_ASSIGN(JsonRows judged, judge_json_rows(request.table, request.body));
    MUSTER_TRY(check_count(judged.rows.size()));
    InsertOutcome outcome;
    outcome.rows = judged.rows.size();
    outcome.array = judged.array;
    RowWrite write;
    write.mode = request.mode;
    write.bytes = request.body.size();
    write.lenient = request.lenient;
    write.object = request.object;
    write.request_id = request.request_id;
    write.idempotency = request.idempotency;
    write.audit = request.audit;
    if (request.answer) {
        write.answer = [&request, &outcome](const RowWriteResult& result) {
            InsertOutcome whole = outcome;
            whole.result = result;
            return request.answer(whole);
        };
    }
    fill_write(request, judged, write);
    if (!write.lenient && write.rows.empty()) {  // nothing to ask the database
        outcome.result.problems = std::move(write.problems);
        return outcome;
    }
    MUSTER_ASSIGN(outcome.result, committer->second->write(write));
    return outcome;
}

Result<RowPage> Rows::list(const Table& table, const RowQuery& query) {
    return state_->warehouse.row_tables().list(table, query);
}

Result<std::optional<Row>> Rows::find(const Table& table, const Row& key) {
    return state_->warehouse.row_tables().find(table, key);
}

RowsStatistics Rows::statistics() const {
    return {.requests = state_->counters.requests.load(),
            .commits = state_->counters.commits.load(),
            .waiting = state_->counters.waiting.load()};
}

}  // namespace muster
