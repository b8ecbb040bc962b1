// Rows that arrive or leave one request at a time: insert, upsert, list, and the group commit that
// lets concurrent small inserts share one transaction (architecture.md, decision 5). Thread-safe.
#pragma once

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/result.h"
#include "warehouse/warehouse.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct InsertOutcome {
    std::size_t rows = 0;  // in the request
    bool array = false;    // false: one object; then pointers have no index
    RowWriteResult result;
};

struct InsertRequest {
    const Table& table;
    std::string_view body;  // JSON: one object or an array
    WriteMode mode = WriteMode::kInsert;
    bool lenient = false;
    std::string object;  // "POST /hiredemployees", names the rejects' place
    std::string request_id;
    std::optional<IdempotencyKey> idempotency;
    std::optional<AuditEntry> audit;  // stored with the rows, if any was
    // The answer that is stored with the rows; only called with an idempotency key.
    std::function<StoredAnswer(const InsertOutcome&)> answer;
};

// Numbers for /metrics.
struct RowsStatistics {
    std::uint64_t requests = 0;
    std::uint64_t commits = 0;
    std::uint64_t waiting = 0;
};

class Rows {
  public:
    Rows(const Catalog& catalog, Warehouse& warehouse, const Clock& clock);
    ~Rows();

    // Returns when the rows are durable or refused. kUsage: the body is no JSON, or has no row or
    // more than kRowsPerRequestMax. kBusy: a run or a restore holds the gate for longer than
    // kGateWaitMs. Rule violations are no Error but problems of the result.
    Result<InsertOutcome> insert(const InsertRequest& request);

    Result<RowPage> list(const Table& table, const RowQuery& query);
    Result<std::optional<Row>> find(const Table& table, const Row& key);

    RowsStatistics statistics() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The cursor of a page as opaque text, and back; nothing if it is no cursor of this table, order
// and filters.
std::string encode_cursor(const Table& table, const RowQuery& query, const Row& last);
std::optional<Row> decode_cursor(const Table& table, const RowQuery& query, std::string_view text);

}  // namespace muster
